/** zstd's streams, as Node has them from 22.15 on; used by node:zlib. */
import * as sys from "vz:sys";
import { Buffer } from "../buffer.ts";
import { Duplex } from "../stream.ts";
import { checkOptions, notOffered, outOfRange } from "./errors.ts";
import type { Done } from "./stream-adapter.ts";

/** Names of zstd.h. Parameters of a decoder have numbers of their own. */
export const zstdConstants = {
  ZSTD_c_compressionLevel: 100,
  ZSTD_c_windowLog: 101,
  ZSTD_c_checksumFlag: 201,
  ZSTD_d_windowLogMax: 100,
} as const;

interface ZstdOptions {
  params?: Readonly<Record<number, number>> | undefined;
}

interface Codec {
  push(bytes: Uint8Array, finish: boolean): void;
  pull(): Uint8Array | null;
  finish(): void;
}

const NOTHING = new Uint8Array(0);

type Rule = readonly [key: number, fallback: number, least: number, most: number];

/** The values of the parameters that `rules` name; any other is an error. */
function paramsOf(name: string, { params = {} }: ZstdOptions, rules: readonly Rule[]): number[] {
  const stranger = Object.keys(params).find((key) => !rules.some(([known]) => known === Number(key)));
  if (stranger !== undefined) throw notOffered(`zlib.${name}: parameter ${stranger}`);
  return rules.map(([key, fallback, least, most]) => {
    const value = params[key] ?? fallback;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw outOfRange(`options.params[${key}]`, `>= ${least} and <= ${most}`, value);
  });
}

/** Gives output only as fast as it is read: a few bytes of input may stand for any number. */
function streamOf(codec: Codec): Duplex {
  let wanted = false;
  let finishing = false;
  let waiting: Done | undefined;
  const settle = (error?: unknown) => {
    const done = waiting;
    waiting = undefined;
    done?.(error);
  };
  const flow = (): void => {
    try {
      while (wanted && waiting !== undefined) {
        const out = codec.pull();
        if (out !== null) {
          wanted = stream.push(Buffer.from(out.buffer, out.byteOffset, out.length));
          continue;
        }
        if (finishing) {
          codec.finish();
          stream.push(null);
        }
        settle();
      }
    } catch (error) {
      settle(error);
    }
  };
  const take = (bytes: Uint8Array, done: Done): void => {
    codec.push(bytes, finishing);
    waiting = done;
    flow();
  };
  const stream = new Duplex({
    read() {
      wanted = true;
      flow();
    },
    write: (chunk, _encoding, done) => take(chunk, done),
    final(done) {
      finishing = true;
      take(NOTHING, done);
    },
    predestroy: () => settle(),
  });
  return stream;
}

export function createZstdCompress(options: ZstdOptions = {}): Duplex {
  checkOptions("zlib.createZstdCompress", options, ["params"]);
  const { ZSTD_c_compressionLevel, ZSTD_c_windowLog, ZSTD_c_checksumFlag } = zstdConstants;
  const [level = 0, windowLog = 0, checksum] = paramsOf("createZstdCompress", options, [
    [ZSTD_c_compressionLevel, 3, 1, 7],
    // 0: the level's own
    [ZSTD_c_windowLog, 0, 0, 27],
    [ZSTD_c_checksumFlag, 0, 0, 1],
  ]);
  const packer = new sys.ZstdCompress(level, windowLog, checksum === 1);
  return streamOf({
    push: (bytes, finish) => packer.push(bytes, finish),
    pull: () => packer.pull(),
    finish: () => {},
  });
}

export function createZstdDecompress(options: ZstdOptions = {}): Duplex {
  checkOptions("zlib.createZstdDecompress", options, ["params"]);
  const [most = 0] = paramsOf("createZstdDecompress", options, [
    [zstdConstants.ZSTD_d_windowLogMax, 27, 10, 27],
  ]);
  const unpacker = new sys.ZstdDecompress(most);
  return streamOf(unpacker);
}
