/** runtime-spec config.md, process.terminal and consoleSize; runc's docs/terminals.md by --console-socket. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type OciTest, type Options, oci, tools, topic } from "../support/oci.ts";
import { execute } from "../support/oci-runtimes.ts";
import { assertFails, isThere, until } from "../support/oci-test.ts";

const PTS = {
  destination: "/dev/pts",
  type: "devpts",
  source: "devpts",
  options: ["newinstance", "ptmxmode=0666", "mode=0620"],
};
const DEV = { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["mode=755"] };
const terminal = { process: { terminal: true }, mounts: [DEV, PTS] };

const options: Options = { needs: ["mounts"] };
const lacking: Options = {
  needs: ["mounts"],
  lacking: { parts: { linux: { namespaces: [{ type: "mount" }] } }, names: /mount namespace/ },
};

/** The runtime is started on a terminal of 33 rows and 99 columns. */
const onTerminal = [join(tools, "probe"), "pty", "33", "99"];
/** Short, so that it comes whole through all the terminals. */
const LOOK = "test -t 0 && test -t 1 && test -t 2 && echo terminals; : </dev/tty && echo controlling";
const SEEN = /terminals\r+\ncontrolling\r+\n/;

/** Waits for a terminal on a socket while `body` starts what sends one; gives what came, and what the terminal showed. */
async function receive(t: OciTest, body: (socket: string) => Promise<void>, input?: string) {
  const socket = t.path("s");
  const shown = execute([join(tools, "probe"), "receive", socket], t.path("receiver"), {
    ...(input === undefined ? {} : { input }),
  });
  await until("the socket", () => isThere(socket));
  await body(socket);
  return (await shown).stdout.split("\n").slice(2).join("\n");
}

topic("terminal", () => {
  oci("run on a terminal gives the container one of its own", lacking, async (t) => {
    const parts = { args: ["sh", "-c", LOOK], ...terminal };
    const { status, stdout, stderr } = await t.run(parts, { before: onTerminal });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, SEEN);
  });

  oci("the container's terminal has the size of the caller's", options, async (t) => {
    const { stdout } = await t.run(
      { args: ["sh", "-c", "sleep 0.3; stty size"], ...terminal },
      { before: onTerminal },
    );
    assert.match(stdout, /33 99\r*\n/);
  });

  oci("what is typed reaches the program, and its exit status comes back", options, async (t) => {
    const parts = { args: ["sh", "-c", 'read line; echo "<$line>"; exit 6'], ...terminal };
    const { status, stdout } = await t.run(parts, { before: onTerminal, input: "typed\n" });
    assert.match(stdout, /<typed>\r+\n/);
    assert.equal(status, 6);
  });

  oci(
    "terminal without one, and without --console-socket, is an error for run -d and create",
    options,
    async (t) => {
      const bundle = t.bundle({ args: ["sleep", "1000"], ...terminal });
      assertFails(await t.cli(["run", "-d", "-b", bundle.path, t.id()]), 125, /terminal|console/);
      assertFails(await t.cli(["create", "-b", bundle.path, t.id()]), 125, /terminal|console/);
    },
  );

  oci("--console-socket without terminal is an error", options, async (t) => {
    const socket = t.path("unused");
    const result = await t.cli(["create", "--console-socket", socket, "-b", t.bundle().path, t.id()]);
    assertFails(result, 125, /console|terminal/);
  });

  oci("--console-socket sends the terminal's other side", options, async (t) => {
    const text = await receive(t, async (socket) => {
      const bundle = t.bundle({ args: ["sh", "-c", `sleep 0.2; tty; ${LOOK}`], ...terminal });
      const id = t.id();
      const { status, stderr } = await t.cli([
        "run",
        "-d",
        "--console-socket",
        socket,
        "-b",
        bundle.path,
        id,
      ]);
      assert.equal(status, 0, stderr);
    });
    assert.match(text, /^\/dev\/(pts\/\d+|console)\r+\n/);
    assert.match(text, SEEN);
  });

  oci("create --console-socket sends it before start", options, async (t) => {
    const text = await receive(
      t,
      async (socket) => {
        const bundle = t.bundle({ args: ["sh", "-c", 'read line; echo "<$line>"'], ...terminal });
        const id = t.id();
        await t.ok("create", "--console-socket", socket, "-b", bundle.path, id);
        await t.ok("start", id);
      },
      "typed\n",
    );
    assert.match(text, /<typed>\r+\n/);
  });

  oci("a --console-socket that nobody listens at is an error", options, async (t) => {
    const bundle = t.bundle({ args: ["sleep", "1000"], ...terminal });
    const id = t.id();
    assertFails(
      await t.cli(["create", "--console-socket", t.path("nobody"), "-b", bundle.path, id]),
      125,
      /nobody/,
    );
    assertFails(await t.cli(["state", id]), 1);
  });

  oci("consoleSize is the terminal's size", options, async (t) => {
    const text = await receive(t, async (socket) => {
      const process = { terminal: true, consoleSize: { height: 21, width: 43 } };
      const bundle = t.bundle({ args: ["sh", "-c", "sleep 0.2; stty size"], mounts: [DEV, PTS], process });
      await t.ok("run", "-d", "--console-socket", socket, "-b", bundle.path, t.id());
    });
    assert.match(text, /^21 43\r+\n/);
  });

  oci("consoleSize without a terminal is ignored", {}, async (t) => {
    const seen = await t.probe({ process: { consoleSize: { height: 21, width: 43 } } });
    assert.deepEqual(seen.tty, [false, false, false]);
  });

  oci("/dev/console is there with a terminal", options, async (t) => {
    // config-linux.md, "Default Devices"
    const { stdout } = await t.run(
      { args: ["sh", "-c", "echo shown >/dev/console"], ...terminal },
      { before: onTerminal },
    );
    assert.match(stdout, /shown\r+\n/);
  });

  oci("the terminal belongs to the container's user", options, async (t) => {
    const process = { terminal: true, user: { uid: 1000, gid: 5 } };
    const parts = { args: ["stat", "-Lc", "%u", "/proc/self/fd/0"], mounts: [DEV, PTS], process };
    const { stdout } = await t.run(parts, { before: onTerminal });
    assert.match(stdout, /1000\r+\n/);
  });

  oci("exec --tty gives a terminal", options, async (t) => {
    const c = await t.up({ mounts: [DEV, PTS] });
    const { status, stdout, stderr } = await t.cli(["exec", "-t", c.id, "sh", "-c", LOOK], {
      before: onTerminal,
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, SEEN);
  });

  oci("exec --tty --detach sends the terminal to --console-socket", options, async (t) => {
    const c = await t.up({ mounts: [DEV, PTS] });
    const text = await receive(t, async (socket) => {
      await t.ok(
        "exec",
        "--tty",
        "--detach",
        "--console-socket",
        socket,
        c.id,
        "sh",
        "-c",
        "sleep 0.2; echo shown",
      );
    });
    assert.match(text, /shown\r+\n/);
  });
});
