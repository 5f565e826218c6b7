// What every npm script runs first, with nothing but Node.js: installs the npm dependencies (Bun
// among them) when they are missing or the lock file changed, and the Debian packages a script
// asks for when it may, says what it did, then hands over to Bun. Plain JavaScript because
// nothing that could read TypeScript is there yet.
//
//   node build/setup.mjs [--packages test|bench] --run FILE [ARGUMENTS...]

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bun = join(root, "node_modules", "bun", "bin", "bun.exe");
const marker = join(root, "node_modules", ".softset-setup");

/** Debian packages by purpose: the command that proves one is there, and its package. */
const packages = {
  run: [
    ["unshare", "util-linux"],
    ["setpriv", "util-linux"],
  ],
  test: [
    ["snmpwalk", "snmp"],
    ["dhclient", "isc-dhcp-client"],
    ["udhcpc", "udhcpc"],
    ["tcc", "tcc"],
    ["../include/stdio.h", "libc6-dev"],
    ["qemu-aarch64-static", "qemu-user-static"],
    ["../aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "libc6-arm64-cross"],
  ],
  bench: [
    ["perfdhcp", "kea-admin"],
    ["kea-dhcp4", "kea-dhcp4-server"],
    ["dnsmasq", "dnsmasq-base"],
    ["ip", "iproute2"],
    ["keepalived", "keepalived"],
    ["tcc", "tcc"],
    ["../include/stdio.h", "libc6-dev"],
  ],
};

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

function installDependencies() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const done = existsSync(marker) ? readFileSync(marker, "utf8") : "";
  if (done === lock && existsSync(bun)) return;
  say("installing the npm dependencies of package-lock.json, Bun 1.4.5 among them");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) fail("npm ci failed; its message is above");
  if (!existsSync(bun) || spawnSync(bun, ["--version"]).status !== 0) {
    // npm may be set not to run install scripts; Bun's puts the binary in place.
    spawnSync(process.execPath, ["install.js"], {
      cwd: join(root, "node_modules", "bun"),
      stdio: 2,
    });
  }
  if (spawnSync(bun, ["--version"]).status !== 0) fail("node_modules/bun has no working binary");
  writeFileSync(marker, lock);
}

function hasCommand(name) {
  const path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
  return path.split(":").some((dir) => existsSync(join(dir, name)));
}

function installPackages(purpose) {
  const wanted = [...packages.run, ...(packages[purpose] ?? [])];
  const missing = wanted.filter(([command]) => !hasCommand(command)).map(([, name]) => name);
  if (missing.length === 0) return;
  const names = [...new Set(missing)];
  if (process.getuid?.() !== 0 || !hasCommand("apt-get")) {
    say(
      `missing Debian packages: ${names.join(" ")}; what needs them is skipped (install them as root)`,
    );
    return;
  }
  say(`installing Debian packages: ${names.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Packages must not start daemons here: a DHCP server that nobody asked for is a hazard.
  const policy = "/usr/sbin/policy-rc.d";
  const ownPolicy = !existsSync(policy);
  if (ownPolicy) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const options = ["install", "-y", "-q", "--no-install-recommends", ...names];
  let apt = spawnSync("apt-get", options, { env, stdio: ["ignore", "ignore", "pipe"] });
  if (apt.status !== 0) {
    spawnSync("apt-get", ["update", "-q"], { env, stdio: "ignore" });
    apt = spawnSync("apt-get", options, { env, stdio: ["ignore", "ignore", "pipe"] });
  }
  if (ownPolicy) spawnSync("rm", ["-f", policy]);
  if (apt.status !== 0) {
    say(
      `apt-get could not install ${names.join(" ")}; what needs them is skipped: ${String(apt.stderr).trim().split("\n").pop()}`,
    );
  }
}

function handOver(file, rest) {
  const path = [process.env.PATH, "/usr/sbin", "/sbin"].join(":");
  const env = { ...process.env, PATH: path, CBOR_NATIVE_ACCELERATION_DISABLED: "true" };
  const child = spawn(bun, [join(root, file), ...rest], { cwd: root, env, stdio: "inherit" });
  // The terminal signals the whole foreground group; others signal only us, so pass it on.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
  child.on("error", (error) => fail(`cannot start ${bun}: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

const words = process.argv.slice(2);
let purpose = "run";
if (words[0] === "--packages") purpose = words.splice(0, 2)[1] ?? "run";
if (words[0] !== "--run" || words[1] === undefined) {
  process.stderr.write(
    "usage: node build/setup.mjs [--packages test|bench] --run FILE [ARGUMENTS...]\n",
  );
  process.exit(2);
}
installDependencies();
installPackages(purpose);
handOver(words[1], words.slice(2));
