/** The codec inside ssh2, as far as it is used here: packets in and out, without ssh2's own transport. */
declare module "ssh2/lib/protocol/SFTP.js" {
  import type { SFTPWrapper } from "ssh2";

  interface Channel {
    id: number;
    state: "open" | "closing" | "closed" | "eof";
    window: number;
    packetSize: number;
  }
  interface Transport {
    _protocol: {
      /** The server's greeting; tells the codec how large OpenSSH's packets may be. */
      _remoteIdentRaw: string;
      channelData(id: number, data: Buffer): void;
      channelClose(id: number): void;
    };
  }
  interface StatVfs {
    f_frsize: number;
    f_bavail: number;
  }
  type Done = (error?: Error) => void;

  export const STATUS_CODE: Readonly<Record<string, number>>;
  export const OPEN_MODE: Readonly<Record<"READ" | "WRITE" | "APPEND" | "CREAT" | "TRUNC" | "EXCL", number>>;
  export class SFTP {
    constructor(
      transport: Transport,
      channel: { type: string; incoming: Channel; outgoing: Channel },
      settings: { server?: boolean },
    );
    _extensions: Readonly<Record<string, string>>;
    /** Sends the greeting. */
    _init(): void;
    /** Takes what the other side sent; null at its end. */
    push(data: Buffer | null): void;
    on(event: "ready", listener: () => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "end" | "close", listener: () => void): this;
    open(
      path: string,
      flags: number,
      mode: number,
      done: (error: Error | undefined, handle: Buffer) => void,
    ): void;
    close(handle: Buffer, done: Done): void;
    write: (
      handle: Buffer,
      data: Buffer,
      offset: number,
      length: number,
      position: number,
      done: Done,
    ) => void;
    fstat: SFTPWrapper["fstat"];
    stat: SFTPWrapper["stat"];
    unlink(path: string, done: Done): void;
    rename(from: string, to: string, done: Done): void;
    ext_openssh_rename(from: string, to: string, done: Done): void;
    ext_openssh_fsync(handle: Buffer, done: Done): void;
    ext_openssh_statvfs(path: string, done: (error: Error | undefined, answer: StatVfs) => void): void;
  }
}
