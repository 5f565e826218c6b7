// A whole board in a network namespace on two real cables. The file runs itself again inside a
// namespace of its own; without the right to make one it is skipped and says so.

import { expect, test } from "bun:test";
import { canMakeNamespaces } from "../kernel/index.ts";
import { startTrial, type Trial } from "./cables.test.ts";

if (process.env["SOFTSET_TEST_NETNS"] === "own") {
  onRealCables();
} else {
  const rights = canMakeNamespaces();
  const flags = rights.root ? "-n" : "-Urn";
  const may = rights.root || rights.userNamespaces;
  if (!may) process.stderr.write(`skipped: address client on real cables: ${rights.missing}\n`);
  test.skipIf(!may)(
    "a board on real cables, in a namespace of its own",
    async () => {
      const command = ["unshare", flags, process.execPath, "test", import.meta.path];
      const env = { ...process.env, SOFTSET_TEST_NETNS: "own" };
      const child = Bun.spawn(command, { env, stdout: "ignore", stderr: "pipe" });
      const [code, text] = await Promise.all([child.exited, new Response(child.stderr).text()]);
      if (code !== 0) process.stderr.write(text);
      expect(code).toBe(0);
      expect(text).toContain(" 4 pass");
    },
    60_000,
  );
}

function onRealCables(): void {
  const trial = (
    name: string,
    run: (t: Trial) => Promise<void>,
    rules: Parameters<typeof startTrial>[0] = {},
  ): void => {
    test(
      name,
      async () => {
        const t = await startTrial(rules);
        try {
          await run(t);
        } finally {
          t.close();
        }
      },
      20_000,
    );
  };

  trial("a board that knows nothing gets both addresses and its document", async (t) => {
    await t.told("document 3");
    await t.told("A 10.1.1.7");
    await t.told("B 20.1.1.7");
    expect(t.addresses("eth-a")).toEqual(["10.1.1.7/16"]);
    expect(t.addresses("eth-b")).toEqual(["20.1.1.7/16"]);
    expect(t.client.status()).toMatchObject({
      version: 3,
      networks: { A: { phase: "bound", source: "dhcp" } },
    });
  });

  trial("a board plugged into another slot drops its address and takes the new one", async (t) => {
    await t.told("A 10.1.1.7");
    await t.cable("A", false);
    t.rules.last = 9;
    await t.cable("A", true);
    await t.told("A gone");
    await t.told("A 10.1.1.9");
    expect(t.addresses("eth-a")).toEqual(["10.1.1.9/16"]);
  });

  trial("a cable that comes back while the CCN is silent keeps its address", async (t) => {
    await t.told("A 10.1.1.7");
    t.rules.dhcp = false;
    await t.cable("A", false);
    await t.cable("A", true);
    await t.told("A renews 10.1.1.7");
    expect(t.addresses("eth-a")).toEqual(["10.1.1.7/16"]);
  });

  trial(
    "without DHCP a board comes up by RARP, and its document tells the true prefix",
    async (t) => {
      await t.told("document 3");
      // Twice: with a guessed prefix, then with the document's.
      await t.told("A 10.1.1.7");
      await t.told("A 10.1.1.7");
      expect(t.ccn.seen[0]).toMatch(/^GET \/config\/self (10|20)\.1\.1\.7/);
      const { A } = t.client.status().networks;
      expect([A.source, t.addresses("eth-a")]).toEqual(["rarp", ["10.1.1.7/16"]]);
    },
    { dhcp: false, rarp: true },
  );
}
