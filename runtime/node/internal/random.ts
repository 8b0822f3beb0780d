/** Random bytes of the kernel. */
import * as sys from "vz:sys";
import { Buffer } from "../buffer.ts";

export function randomBytes(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  const fd = sys.open("/dev/urandom", sys.constants.O_RDONLY);
  try {
    for (let used = 0; used < size; ) used += sys.read(fd, bytes, used, size - used);
  } finally {
    sys.close(fd);
  }
  return bytes;
}
