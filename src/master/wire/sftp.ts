/** SFTP over a pipe to OpenSSH's own ssh, which does the cryptography; the codec is that of ssh2. */
import { type ChildProcess, spawn } from "node:child_process";
import { OPEN_MODE, SFTP, STATUS_CODE } from "ssh2/lib/protocol/SFTP.js";
import { Status, VzError } from "../../common/errors.ts";
import { missingProgram } from "./program.ts";
import { unreachable } from "./remote.ts";
import { type Login, sftpCommand } from "./ssh.ts";

/** Milliseconds that the other side may be silent while it owes an answer; then the session fails. */
const SILENCE = 60_000;
const WATCH = 5_000;
const SSH_FAILED = 255;
/** Most characters that are kept of ssh's standard error. */
const MAX_STDERR = 64 * 1024;

export const WRITE_NEW = OPEN_MODE.WRITE | OPEN_MODE.CREAT;

/** Why a request failed, by SFTP's numbers: 2 no such file, 3 permission denied, 4 failure (a full disk among others). */
export class SftpError extends Error {
  override readonly name = "SftpError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  get noSuchFile(): boolean {
    return this.code === STATUS_CODE["NO_SUCH_FILE"];
  }
}

/** One session; every request is a promise, and all of them fail with the session. */
export class SftpSession {
  readonly #login: Login;
  readonly #child: ChildProcess;
  readonly #codec: SFTP;
  readonly #ready: Promise<void>;
  readonly #watch: ReturnType<typeof setInterval>;
  /** Rejections of the requests under way, for when the session fails. */
  readonly #pending = new Set<(error: unknown) => void>();
  #stderr = "";
  #heard = Date.now();
  #drained: (() => void)[] = [];
  #full = false;
  #failure: unknown;
  #closing = false;

  private constructor(login: Login) {
    this.#login = login;
    const [file = "", ...args] = sftpCommand(login);
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    const channel = () => ({
      id: 0,
      state: "open" as const,
      window: Number.POSITIVE_INFINITY,
      packetSize: 1 << 30,
    });
    this.#codec = new SFTP(
      {
        _protocol: {
          _remoteIdentRaw: "SSH-2.0-OpenSSH",
          channelData: (_, data) => this.#send(data),
          channelClose: () => child.stdin.end(),
        },
      },
      { type: "sftp", incoming: channel(), outgoing: channel() },
      {},
    );
    this.#ready = this.#request((done) => {
      this.#codec.on("ready", () => done(undefined));
    });
    this.#codec.on("error", (cause) => this.#fail(this.#refused("what answers there speaks no SFTP", cause)));
    child.stdin.on("error", () => {});
    child.stdin.on("drain", () => this.#drain());
    child.stdout.on("data", (data: Buffer) => {
      this.#heard = Date.now();
      this.#codec.push(data);
    });
    child.stderr.on("data", (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString("utf8")).slice(0, MAX_STDERR);
    });
    child.on("error", (error) => this.#fail(missingProgram(file, error)));
    child.on("close", (code) => void this.#ended(code));
    this.#watch = setInterval(() => this.#listen(), WATCH);
    this.#codec._init();
  }

  /** Logs in. @throws VzError 69 */
  static async open(login: Login): Promise<SftpSession> {
    const session = new SftpSession(login);
    await session.#ready;
    return session;
  }

  /** Whether the server offers an extension, as "fsync@openssh.com". */
  offers(extension: string): boolean {
    return extension in this.#codec._extensions;
  }

  open(path: string, flags: number, mode: number): Promise<Buffer> {
    return this.#request((done) => this.#codec.open(path, flags, mode, done));
  }

  closeHandle(handle: Buffer): Promise<void> {
    return this.#request((done) => this.#codec.close(handle, done));
  }

  /** Begins a write; resolves once the server has it. */
  write(handle: Buffer, data: Buffer, position: number): Promise<void> {
    return this.#request((done) => this.#codec.write(handle, data, 0, data.length, position, done));
  }

  /** Resolves once ssh takes more data. */
  async writable(): Promise<void> {
    if (this.#full && this.#failure === undefined)
      await new Promise<void>((done) => this.#drained.push(done));
  }

  async size(handle: Buffer): Promise<number> {
    return (await this.#request<{ size: number }>((done) => this.#codec.fstat(handle, done))).size;
  }

  /** Bytes of a file, or undefined where there is none. */
  async sizeOf(path: string): Promise<number | undefined> {
    try {
      return (await this.#request<{ size: number }>((done) => this.#codec.stat(path, done))).size;
    } catch (error) {
      if (error instanceof SftpError && error.noSuchFile) return undefined;
      throw error;
    }
  }

  /** Brings the file to disk, where the server offers that (OpenSSH 6.5 and later). */
  async sync(handle: Buffer): Promise<void> {
    if (!this.offers("fsync@openssh.com")) return;
    await this.#request<void>((done) => this.#codec.ext_openssh_fsync(handle, done));
  }

  /** Renames, and replaces a file of that name. */
  rename(from: string, to: string): Promise<void> {
    return this.#request((done) => this.#codec.ext_openssh_rename(from, to, done));
  }

  remove(path: string): Promise<void> {
    return this.#request((done) => this.#codec.unlink(path, done));
  }

  /** Bytes that may still be written, or undefined where the server does not tell. */
  async free(path: string): Promise<number | undefined> {
    if (!this.offers("statvfs@openssh.com")) return undefined;
    const space = await this.#request<{ f_frsize: number; f_bavail: number }>((done) =>
      this.#codec.ext_openssh_statvfs(path, done),
    );
    return space.f_frsize * space.f_bavail;
  }

  /** Ends the session; what was under way is lost. */
  close(): void {
    this.#closing = true;
    clearInterval(this.#watch);
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    this.#child.on("close", () => clearTimeout(timer));
  }

  #request<T = void>(start: (done: (error: Error | undefined, value?: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#pending.add(reject);
      start((error, value) => {
        this.#pending.delete(reject);
        if (error === undefined) resolve(value as T);
        // Without a code it is the codec that ends: `#ended` knows better why.
        else if ("code" in error) reject(new SftpError(Number(error.code), error.message));
        else this.#pending.add(reject);
      });
    });
  }

  #send(data: Buffer): void {
    const { stdin } = this.#child;
    if (stdin?.writable && !stdin.write(data)) this.#full = true;
  }

  #drain(): void {
    this.#full = false;
    const waiting = this.#drained;
    this.#drained = [];
    for (const go of waiting) go();
  }

  #listen(): void {
    if (this.#pending.size === 0) this.#heard = Date.now();
    if (Date.now() - this.#heard < SILENCE) return;
    const what = `${this.#login.host.name}: upload: no answer for ${SILENCE / 1000} s`;
    this.#fail(new VzError(Status.unreachable, what));
    this.#child.kill("SIGKILL");
  }

  async #ended(code: number | null): Promise<void> {
    if (this.#closing || this.#failure !== undefined) {
      this.#fail(this.#failure ?? new Error("the session was closed"));
    } else if (code === SSH_FAILED) {
      this.#fail(await unreachable(this.#login, this.#stderr));
    } else {
      this.#fail(this.#refused(this.#stderr.trim().split("\n")[0] || "sftp ended early"));
    }
  }

  /** The error of a host that was never deployed to, or whose sshd_config is not ours. */
  #refused(why: string, cause?: unknown): VzError {
    const { host, user } = this.#login;
    const hint = "vz master deploy";
    return new VzError(Status.failed, `${host.name}: upload as ${user}: ${why}`, { cause, hint });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    clearInterval(this.#watch);
    for (const reject of this.#pending) reject(this.#failure);
    this.#pending.clear();
    this.#drain();
  }
}
