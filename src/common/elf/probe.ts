/**
 * The smallest programs: static ELF files, one for each architecture that vz is made for, which tell by their status whether
 * the kernel itself runs them. Sources: elf(5), ptrace(2), the System V ABI's supplements for i386, x86-64 and AArch64, and
 * their system call numbers (syscall(2), asm/unistd.h). ansible/roles/slave/files/architectures.sh holds the same bytes.
 */

/** Architectures as images and ELF readers name them, the first choice of vz first. */
export const PROBED = ["i386", "amd64", "arm64"] as const;

export type Probed = (typeof PROBED)[number];

/** Exit status of a probe that the kernel runs. Not 0: some shells run a file that execve(2) refuses as a script. */
export const NATIVE = 42;
/** Its exit status where something else than the kernel runs it. */
export const EMULATED = 43;

/**
 * Each asks for ptrace(PTRACE_TRACEME), which emulators of user programs (qemu-user) do not have: they answer ENOSYS (38). Every
 * kernel has it; a sandbox that forbids it answers EPERM, and counts as a kernel.
 */
const KINDS: Readonly<Record<Probed, { machine: number; wide: boolean; code: readonly number[] }>> = {
  i386: {
    machine: 3,
    wide: false,
    code: [
      ...[0x6a, 26, 0x58], // push $26 (ptrace); pop %eax
      ...[0x31, 0xdb], // xor %ebx,%ebx (PTRACE_TRACEME)
      ...[0xcd, 0x80], // int $0x80
      ...[0x6a, NATIVE, 0x5b], // push $42; pop %ebx
      ...[0x83, 0xf8, 0xda], // cmp $-38,%eax (-ENOSYS)
      ...[0x75, 0x01], // jne over the next
      0x43, // inc %ebx
      ...[0x6a, 1, 0x58], // push $1 (exit); pop %eax
      ...[0xcd, 0x80], // int $0x80
    ],
  },
  amd64: {
    machine: 62,
    wide: true,
    code: [
      ...[0x6a, 101, 0x58], // push $101 (ptrace); pop %rax
      ...[0x31, 0xff], // xor %edi,%edi (PTRACE_TRACEME)
      ...[0x0f, 0x05], // syscall
      ...[0x6a, NATIVE, 0x5f], // push $42; pop %rdi
      ...[0x83, 0xf8, 0xda], // cmp $-38,%eax (-ENOSYS)
      ...[0x75, 0x02], // jne over the next
      ...[0xff, 0xc7], // inc %edi
      ...[0x6a, 60, 0x58], // push $60 (exit); pop %rax
      ...[0x0f, 0x05], // syscall
    ],
  },
  arm64: {
    machine: 183,
    wide: true,
    code: [
      ...[0xa8, 0x0e, 0x80, 0xd2], // mov x8, #117 (ptrace)
      ...[0x00, 0x00, 0x80, 0xd2], // mov x0, #0 (PTRACE_TRACEME)
      ...[0x01, 0x00, 0x00, 0xd4], // svc #0
      ...[0x1f, 0x98, 0x00, 0xb1], // cmn x0, #38 (-ENOSYS)
      ...[0x40, 0x05, 0x80, 0xd2], // mov x0, #42
      ...[0x00, 0x14, 0x80, 0x9a], // cinc x0, x0, eq
      ...[0xa8, 0x0b, 0x80, 0xd2], // mov x8, #93 (exit)
      ...[0x01, 0x00, 0x00, 0xd4], // svc #0
    ],
  },
};

/** A multiple of every page size, 64 KB of some arm64 kernels too, and not below vm.mmap_min_addr. */
const BASE = 0x10000;

/** A program that ends with NATIVE where the kernel runs it, with EMULATED under an emulator of user programs. */
export function probeElf(architecture: Probed): Uint8Array {
  const { machine, wide, code } = KINDS[architecture];
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
  half(machine);
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
