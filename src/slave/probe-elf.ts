/** The smallest programs: static ELF files that only end with status 0. Sources: elf(5), System V ABI for i386 and x86-64. */

/** `xor %ebx,%ebx; xor %eax,%eax; inc %eax; int $0x80`: exit(0) by the number of i386. */
const EXIT_32 = [0x31, 0xdb, 0x31, 0xc0, 0x40, 0xcd, 0x80];
/** `xor %edi,%edi; push $60; pop %rax; syscall`: exit(0) by the number of x86-64. */
const EXIT_64 = [0x31, 0xff, 0x6a, 0x3c, 0x58, 0x0f, 0x05];

const BASE = 0x10000;
const EM_386 = 3;
const EM_X86_64 = 62;

/** A program that ends with status 0. */
export function exitingElf(bits: 32 | 64): Uint8Array {
  const wide = bits === 64;
  const code = wide ? EXIT_64 : EXIT_32;
  const headerSize = wide ? 64 : 52;
  const segmentSize = wide ? 56 : 32;
  const start = headerSize + segmentSize;
  const size = start + code.length;
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  let at = 0;
  const half = (value: number) => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const word = (value: number) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  // An address or offset: as wide as the class.
  const long = (value: number) => {
    word(value);
    if (wide) word(0);
  };
  file.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  at = 16;
  half(2); // ET_EXEC
  half(wide ? EM_X86_64 : EM_386);
  word(1);
  long(BASE + start);
  long(headerSize);
  long(0);
  word(0);
  for (const value of [headerSize, segmentSize, 1, 0, 0, 0]) half(value);
  word(1); // PT_LOAD
  if (wide) word(5); // readable, executable
  for (const value of [0, BASE, BASE, size, size]) long(value);
  if (!wide) word(5);
  long(0x1000);
  file.set(code, start);
  return file;
}
