/** Records of PAX extended headers (POSIX.1-2017, pax, "pax Extended Header"): `LENGTH KEY=VALUE\n`; LENGTH counts it all. */

/** What a reader of images needs of them; texts are byte strings. */
export interface PaxRecords {
  path?: string;
  linkpath?: string;
  size?: number;
  uid?: number;
  gid?: number;
  /** One of GNU tar's forms of a sparse file. */
  isSparse?: boolean;
  hasAttributes?: boolean;
}

/** @throws what `bad` makes of the reason, where the records cannot be read */
export function parsePax(bytes: Uint8Array, bad: (why: string) => Error): PaxRecords {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const records: PaxRecords = {};
  for (let at = 0; at < text.length; ) {
    const digits = /^([1-9]\d{0,6}) /.exec(text.slice(at, at + 8));
    const length = Number(digits?.[1]);
    const record = text.slice(at + (digits?.[0].length ?? 0), at + length);
    const equals = record.indexOf("=");
    if (digits === null || at + length > text.length || !record.endsWith("\n") || equals < 1)
      throw bad("a PAX header that is damaged");
    take(records, record.slice(0, equals), record.slice(equals + 1, -1), bad);
    at += length;
  }
  return records;
}

function take(records: PaxRecords, key: string, value: string, bad: (why: string) => Error): void {
  switch (key) {
    case "path":
    case "linkpath":
      if (value.includes("\0")) throw bad(`a PAX header whose ${key} has a NUL`);
      // An empty value takes back what stood before it, by the standard.
      if (value === "") delete records[key];
      else records[key] = value;
      break;
    case "size":
    case "uid":
    case "gid":
      if (!/^\d{1,15}$/.test(value)) throw bad(`a PAX header whose ${key} is no number`);
      records[key] = Number(value);
      break;
    default:
      if (key.startsWith("GNU.sparse.")) records.isSparse = true;
      if (/^(SCHILY\.(xattr|acl)|LIBARCHIVE\.xattr)\./.test(key)) records.hasAttributes = true;
  }
}
