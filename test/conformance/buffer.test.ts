import { constants, Buffer as Imported } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import { check, thrown } from "./harness.ts";

const ENCODINGS = ["utf8", "latin1", "ascii", "hex", "base64", "base64url", "utf16le"] as const;
const TEXTS = ["", "plain", "grüße, wörld", "日本語", "🦊 fox", "lone \ud800 surrogate", "a\0b", "\ufeffbom"];
const BYTES = [
  [],
  [0x61, 0xff, 0x62],
  [0xc3, 0x28, 0xe2, 0x82],
  [0xf0, 0x9f, 0xa6, 0x8a],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x90, 0x41, 0xc0, 0x80, 0xfe],
];

check("buffer: the import is the global", () => [Imported === Buffer, constants.MAX_LENGTH > 2 ** 30]);
for (const encoding of ENCODINGS) {
  check(`buffer: from and toString ${encoding}`, () =>
    BYTES.map((bytes) => {
      const text = Buffer.from(bytes).toString(encoding);
      return [text, Buffer.from(text, encoding)];
    }),
  );
}
for (const encoding of ["utf8", "latin1", "ascii", "utf16le", "ucs2", "binary", "UTF-8", "UCS-2"] as const) {
  check(`buffer: text as ${encoding}`, () =>
    TEXTS.map((text) => [
      Buffer.from(text, encoding as BufferEncoding),
      Buffer.byteLength(text, encoding as BufferEncoding),
    ]),
  );
}
check("buffer: hex with an odd or wrong digit", () =>
  ["abc", "zz", "12g4", "ABcd"].map((text) => Buffer.from(text, "hex")),
);
check("buffer: base64 with blanks, both alphabets, without padding", () =>
  ["aGk=", "aGk", "a-_+/w==", "a G\nk", "aGk=xx", "=", "a"].map((text) => Buffer.from(text, "base64")),
);
check("buffer: base64 of each length", () =>
  [0, 1, 2, 3, 4].map((n) => [
    Buffer.alloc(n, 0xfb).toString("base64"),
    Buffer.alloc(n, 0xfb).toString("base64url"),
  ]),
);
check("buffer: byteLength of base64 and hex", () =>
  ["aGk=", "aGkh", "aGk"].map((text) => [Buffer.byteLength(text, "base64"), Buffer.byteLength(text, "hex")]),
);
check("buffer: from other things", () => [
  Buffer.from([1, 256, -1, 3.7]),
  Buffer.from(new Uint16Array([1, 257])),
  Buffer.from(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  Buffer.from(Buffer.from("copy")),
  Buffer.from({ length: 2, 0: 5, 1: 6 }),
  Buffer.from(JSON.parse(JSON.stringify(Buffer.from("json")))),
  Buffer.from(new String("boxed")),
]);
check("buffer: from nothing that it takes", () =>
  [undefined, null, 5, true, {}].map((value) => thrown(() => Buffer.from(value as never))),
);
check("buffer: from copies, from an ArrayBuffer shares", () => {
  const source = new Uint8Array([1, 2, 3]);
  const copy = Buffer.from(source);
  const shared = Buffer.from(source.buffer);
  source[0] = 9;
  return [copy[0], shared[0]];
});
check("buffer: alloc and fill", () => [
  Buffer.alloc(3),
  Buffer.alloc(5, "ab"),
  Buffer.alloc(4, 0x1ff),
  Buffer.alloc(5, "YWI=", "base64"),
  Buffer.alloc(4, Buffer.from([1, 2, 3])),
  Buffer.alloc(6).fill("x", 2, 4),
  Buffer.alloc(6).fill(7, 3),
  Buffer.alloc(3).fill(""),
]);
check("buffer: alloc of a wrong size", () => [
  thrown(() => Buffer.alloc("5" as never)),
  (thrown(() => Buffer.alloc(-1)) as { code: string }).code,
]);
check("buffer: concat", () => [
  Buffer.concat([Buffer.from("a"), new Uint8Array([98]), Buffer.from("c")]),
  Buffer.concat([Buffer.from("abc"), Buffer.from("def")], 4),
  Buffer.concat([Buffer.from("abc")], 5),
  Buffer.concat([]),
  thrown(() => Buffer.concat("no" as never)),
  thrown(() => Buffer.concat([5] as never)),
]);
check("buffer: compare and equals", () => [
  Buffer.compare(Buffer.from("a"), Buffer.from("b")),
  Buffer.compare(Buffer.from("ab"), Buffer.from("a")),
  Buffer.compare(Buffer.from("ab"), Buffer.from("ab")),
  Buffer.from([0x7f]).compare(Buffer.from([0x80])),
  Buffer.from("abcd").compare(Buffer.from("xbcx"), 1, 3, 1, 3),
  Buffer.from("ab").equals(new Uint8Array([97, 98])),
  Buffer.from("ab").equals(Buffer.from("ac")),
  [Buffer.from("b"), Buffer.from("a")].sort(Buffer.compare),
  thrown(() => Buffer.compare("a" as never, Buffer.from("b"))),
  thrown(() => Buffer.from("a").equals("a" as never)),
]);
check("buffer: slice and subarray share", () => {
  const whole = Buffer.from("abcdef");
  const part = whole.slice(1, -2);
  const other = whole.subarray(2);
  whole[2] = 0x58;
  return [
    part,
    other,
    Buffer.isBuffer(part),
    Buffer.isBuffer(other),
    whole.slice(4, 2),
    whole.slice(-99, 99),
  ];
});
check("buffer: isBuffer, isEncoding", () => [
  Buffer.isBuffer(Buffer.alloc(1)),
  Buffer.isBuffer(new Uint8Array(1)),
  Buffer.isBuffer("x"),
  ...["utf8", "UTF-8", "hex", "utf-7", "binary", "", "base64url", "toString"].map((name) =>
    Buffer.isEncoding(name),
  ),
]);
check("buffer: unknown encodings", () => [
  thrown(() => Buffer.from("x", "nope" as never)),
  thrown(() => Buffer.from("x").toString("nope" as never)),
]);
check("buffer: toString of a part", () => {
  const text = Buffer.from("hello");
  return [
    text.toString("utf8", 1, 3),
    text.toString("latin1", 3),
    text.toString("hex", -5, 99),
    text.toString("utf8", 4, 2),
    text.toString("utf8", 9),
    text.toString(undefined, 1),
    String(text),
    text.toLocaleString(),
  ];
});
check("buffer: write", () => {
  const target = Buffer.alloc(8, 0x2e);
  const counts = [
    target.write("ab"),
    target.write("cd", 2),
    target.write("efgh", 4, 2),
    target.write("6869", 6, "hex"),
    target.write("äöü", 5),
    target.write("日本", 0, 4),
    target.write("xy", 1, 1, "latin1"),
    target.write("zz", "utf16le"),
  ];
  return [counts, target];
});
check("buffer: write outside", () => [
  thrown(() => Buffer.alloc(2).write("a", 3)),
  thrown(() => Buffer.alloc(2).write(5 as never)),
]);
check("buffer: copy", () => {
  const target = Buffer.alloc(4, 0x2e);
  const source = Buffer.from("abcdef");
  return [
    source.copy(target),
    source.copy(target, 2, 4),
    source.copy(target, 0, 1, 2),
    source.copy(target, 9),
    target,
    source.copy(source, 1),
    source,
    thrown(() => source.copy(target, 0, 99)),
  ];
});
check("buffer: indexOf and its kin", () => {
  const text = Buffer.from("one two two");
  return [
    text.indexOf("two"),
    text.indexOf("two", 5),
    text.indexOf("two", -3),
    text.indexOf(0x74),
    text.indexOf(Buffer.from("w")),
    text.indexOf("6f6e65", "hex" as never),
    text.indexOf("no"),
    text.lastIndexOf("two"),
    text.lastIndexOf("two", 7),
    text.lastIndexOf(0x6f),
    text.includes("e t"),
    text.includes("z"),
    thrown(() => text.indexOf({} as never)),
  ];
});
check("buffer: iteration and array methods", () => {
  const bytes = Buffer.from([1, 2, 3]);
  return [
    [...bytes],
    [...bytes.entries()],
    bytes.map((byte) => byte * 2),
    Buffer.isBuffer(bytes.filter((byte) => byte > 1)),
    bytes.reverse(),
    JSON.stringify(bytes),
    bytes.at(-1),
    Buffer.of(7, 8),
  ];
});
const NUMBERS = [
  ["UInt8", 0xfe],
  ["Int8", -2],
  ["UInt16LE", 0x1234],
  ["UInt16BE", 0x1234],
  ["Int16LE", -300],
  ["Int16BE", -300],
  ["UInt32LE", 0xdeadbeef],
  ["UInt32BE", 0xdeadbeef],
  ["Int32LE", -123456789],
  ["Int32BE", -123456789],
  ["DoubleLE", Math.PI],
  ["DoubleBE", -1e300],
  ["FloatLE", 1.5],
  ["FloatBE", -0.1],
  ["BigInt64LE", -5n],
  ["BigInt64BE", -(2n ** 63n)],
  ["BigUInt64LE", 2n ** 64n - 1n],
  ["BigUInt64BE", 5_000_000_000n],
] as const;
type Numbers = Record<string, (...args: unknown[]) => unknown>;
for (const [name, value] of NUMBERS) {
  check(`buffer: read and write ${name}`, () => {
    const bytes = Buffer.alloc(10) as unknown as Numbers;
    const next = bytes[`write${name}`]?.(value, 1);
    const read = `read${name}`;
    return [next, bytes, bytes[read]?.(1), thrown(() => bytes[read]?.(10)), thrown(() => bytes[read]?.(1.5))];
  });
}
check("buffer: numbers of 1 to 6 bytes", () => {
  const bytes = Buffer.alloc(12);
  return [
    bytes.writeUIntBE(0x123456789abc, 0, 6),
    bytes.writeIntLE(-3, 6, 5),
    bytes,
    bytes.readUIntBE(0, 6),
    bytes.readUIntLE(0, 3),
    bytes.readIntLE(6, 5),
    bytes.readIntBE(6, 1),
    thrown(() => bytes.readUIntBE(0, 7)),
  ];
});
check("buffer: numbers that don't fit", () => [
  thrown(() => Buffer.alloc(4).writeUInt8(256, 0)),
  thrown(() => Buffer.alloc(4).writeInt8(-129, 0)),
  thrown(() => Buffer.alloc(4).writeUInt16BE(-1, 0)),
  thrown(() => Buffer.alloc(4).writeUInt32BE(2 ** 32, 0)),
  thrown(() => Buffer.alloc(4).writeInt32LE(2 ** 31, 0)),
  thrown(() => Buffer.alloc(8).writeBigUInt64BE(-1n, 0)),
  thrown(() => Buffer.alloc(1).readUInt16LE(0)),
  thrown(() => Buffer.alloc(2).readUInt8("0" as never)),
]);
check("buffer: the undocumented methods that ssh2 calls", () => {
  const bytes = Buffer.alloc(8) as unknown as Numbers;
  return [
    bytes["utf8Write"]?.("häh", 1, 4),
    bytes["latin1Write"]?.("\xff", 6, 1),
    bytes["utf8Slice"]?.(1, 4),
    bytes["latin1Slice"]?.(0, 8),
    bytes["hexSlice"]?.(0, 4),
    bytes["base64Slice"]?.(0, 4),
    bytes,
  ];
});
check("buffer: a million bytes there and back", () => {
  const bytes = Buffer.alloc(1 << 20);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7) & 255;
  return ENCODINGS.filter((name) => name !== "utf8" && name !== "ascii").map((name) =>
    Buffer.from(bytes.toString(name), name).equals(bytes),
  );
});

const CUTS = ["grüße 日本語 🦊!", "a\u00e9"].map((text) => Buffer.from(text));
check("string_decoder: cut at every byte", () =>
  CUTS.map((bytes) =>
    Array.from({ length: bytes.length + 1 }, (_, at) => {
      const decoder = new StringDecoder("utf8");
      return (
        decoder.write(bytes.subarray(0, at)) + "|" + decoder.write(bytes.subarray(at)) + "|" + decoder.end()
      );
    }),
  ),
);
check("string_decoder: malformed bytes in pieces of one", () =>
  BYTES.map((bytes) => {
    const decoder = new StringDecoder();
    return bytes.map((byte) => decoder.write(Buffer.from([byte]))).join("") + decoder.end();
  }),
);
check("string_decoder: base64, utf16le, hex, latin1", () =>
  (["base64", "utf16le", "hex", "latin1"] as const).map((encoding) => {
    const decoder = new StringDecoder(encoding);
    const parts = [[0x61], [0x62, 0x63, 0x3d, 0xd8], [0x31, 0xdc, 0x07]].map((part) =>
      decoder.write(Buffer.from(part)),
    );
    return [...parts, decoder.end()];
  }),
);
check("text: TextEncoder and TextDecoder", () => {
  const stream = new TextDecoder();
  return [
    ...TEXTS.map((text) => Array.from(new TextEncoder().encode(text))),
    ...BYTES.map((bytes) => new TextDecoder().decode(new Uint8Array(bytes))),
    new TextDecoder("utf8", { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])),
    new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])),
    [[0xe6, 0x97], [0xa5, 0xf0], []].map((part, i) => stream.decode(new Uint8Array(part), { stream: i < 2 })),
    new TextEncoder().encodeInto("aé日🦊", new Uint8Array(7)),
  ];
});
check("text: fatal", () => [
  (thrown(() => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff]))) as { code: string })
    .code,
  new TextDecoder("utf-8", { fatal: true }).decode(new TextEncoder().encode("ok \ufffd")),
]);
