// Settings of the machine around the board: host name, mounts, sysctls, and what this process may
// do at all. Sources: sethostname(2), mount(2), umount2(2), proc(5), user_namespaces(7).

import { writeFileSync } from "node:fs";
import { ok, type Result } from "../base/index.ts";
import { ENODEV } from "./constants.ts";
import { refusal, sysError, type SysError, thrownError } from "./errors.ts";
import { check, closeFd, libc } from "./libc.ts";
import { hostNameBytesMax } from "./limits.ts";
import { createNetns } from "./netns.ts";

/** Sets the host name of this UTS namespace. */
export function setHostName(name: string): Result<void, SysError> {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes === 0 || bytes > hostNameBytesMax || name.includes("\0")) {
    return refusal("set host name", JSON.stringify(name.slice(0, 80)), "EINVAL");
  }
  const set = check(libc.sethostname(name, bytes), "set host name", name);
  return set.ok ? ok(undefined) : set;
}

/** A mount: `options` is the file system's own text (`size=1m`), `flags` the MS_ bits. */
export type MountOptions = {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags?: number;
  readonly options?: string;
};

/** Mounts a file system. */
export function mountFileSystem(mount: MountOptions): Result<void, SysError> {
  const { source, target, type, flags = 0, options = "" } = mount;
  const text = `${type} ${target}`;
  const done = check(libc.mount(source, target, type, flags, options), "mount", text);
  if (done.ok) return ok(undefined);
  if (done.error.errno !== ENODEV) return done;
  return sysError("mount", text, ENODEV, `this kernel has no file system "${type}"`);
}

/** Unmounts; `lazily` = from the tree now, for real when nobody uses it (MNT_DETACH). */
export function unmount(target: string, lazily = false): Result<void, SysError> {
  const done = check(libc.umount2(target, lazily ? 2 : 0), "unmount", target);
  return done.ok ? ok(undefined) : done;
}

/**
 * Writes a kernel setting: `net.ipv4.ip_forward`, or `net/ipv4/conf/eth0.1/arp_notify` for names
 * with dots. Settings below net belong to the calling thread's network namespace.
 */
export function writeSysctl(path: string, value: string | number): Result<void, SysError> {
  const relative = path.includes("/") ? path : path.replaceAll(".", "/");
  if (relative.split("/").includes("..") || relative.includes("\0")) {
    return refusal("set sysctl", JSON.stringify(path), "EINVAL");
  }
  try {
    writeFileSync(`/proc/sys/${relative}`, `${value}`);
    return ok(undefined);
  } catch (thrown) {
    return thrownError("set sysctl", `${path} to ${value}`, thrown);
  }
}

/** Which way to make namespaces is open here. */
export type NamespaceRights = {
  /** This process itself may make network namespaces. */
  readonly root: boolean;
  /** A child started through `unshare -Urn` may. */
  readonly userNamespaces: boolean;
  /** If neither: what is missing, in words. */
  readonly missing: string | undefined;
};

/** Tries it: a network namespace here, and a user namespace in a child. */
export function canMakeNamespaces(): NamespaceRights {
  const made = createNetns();
  if (made.ok) closeFd(made.value);
  const tried = tryUserNamespace();
  const missing =
    made.ok || tried === undefined
      ? undefined
      : `needs root (CAP_SYS_ADMIN: unshare ${made.error.code}) or user namespaces (${tried})`;
  return { root: made.ok, userNamespaces: tried === undefined, missing };
}

/** unshare(CLONE_NEWUSER) refuses processes with threads, so a child tries; undefined = it works. */
function tryUserNamespace(): string | undefined {
  try {
    const child = Bun.spawnSync(["unshare", "-Urn", "true"], { stderr: "pipe", stdout: "ignore" });
    if (child.exitCode === 0) return undefined;
    const words = child.stderr.toString().trim().slice(0, 200);
    return `${words}; see kernel.unprivileged_userns_clone and user.max_user_namespaces`;
  } catch (thrown) {
    return `cannot run unshare: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}
