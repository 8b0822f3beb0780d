/**
 * The calling conventions (ABIs) of the kernels that vz runs on, and the number of a call in each. x32 shares amd64's audit
 * architecture and is told apart by bit 30 of the number.
 */
import { AARCH64, AMD64, BOTH, FOREIGN, I386, NOT_X32, X32 } from "./syscall-tables.ts";

/** linux/audit.h */
export const AUDIT_ARCH_I386 = 0x40000003;
export const AUDIT_ARCH_X86_64 = 0xc000003e;
export const AUDIT_ARCH_AARCH64 = 0xc00000b7;
/** __X32_SYSCALL_BIT */
export const X32_BIT = 0x40000000;

export type Abi = "SCMP_ARCH_X86" | "SCMP_ARCH_X86_64" | "SCMP_ARCH_X32" | "SCMP_ARCH_AARCH64";

/** What the kernel of a machine takes that runs an executable of vz. */
export interface Machine {
  readonly abis: readonly Abi[];
  /** Those that every list of architectures includes unnamed: the one by which runch executes the program, and the kernel's own. */
  readonly implied: readonly Abi[];
}

const X86: readonly Abi[] = ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32"];

/**
 * By the architecture of the executable (process.arch), since a personality can change what the kernel says of the machine.
 * An i386 executable does not know whether the kernel is amd64's; on any other, no call of amd64 ever arrives. No rule is for
 * the 32-bit calls of an arm64 kernel: they end the thread.
 */
export const MACHINES = {
  ia32: { abis: X86, implied: ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64"] },
  x64: { abis: X86, implied: ["SCMP_ARCH_X86_64"] },
  arm64: { abis: ["SCMP_ARCH_AARCH64"], implied: ["SCMP_ARCH_AARCH64"] },
} as const satisfies Readonly<Record<string, Machine>>;

/** Whether arguments have 64 bits. */
export function isWide(abi: Abi): boolean {
  return abi === "SCMP_ARCH_X86_64" || abi === "SCMP_ARCH_AARCH64";
}

/** Numbers by name, from a text of syscall-tables.ts. @param bit added to each number */
function numbered(text: string, bit = 0): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  let next = bit;
  for (const word of text.replaceAll("\n", " ").split(" ")) {
    const code = word.charCodeAt(0);
    if (code >= 48 && code <= 57) next = bit + Number(word);
    else if (word !== "") numbers.set(word, next++);
  }
  return numbers;
}

/** Makes a table at its first use: a start makes only those that its filter needs. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const i386 = once(() => numbered(`${I386} ${BOTH}`));
const amd64 = once(() => numbered(`${AMD64} ${BOTH}`));
const aarch64 = once(() => numbered(`${AARCH64} ${BOTH}`));
const x32 = once(() => numbered(X32, X32_BIT));
const notX32 = once(() => numbered(NOT_X32));

function x32Number(name: string): number | undefined {
  const nr = amd64().get(name);
  return x32().get(name) ?? (nr === undefined || notX32().has(name) ? undefined : nr + X32_BIT);
}

/** The number of a call on one ABI; undefined where the ABI has none of that name. */
export function numberOf(abi: Abi, name: string): number | undefined {
  switch (abi) {
    case "SCMP_ARCH_X86":
      return i386().get(name);
    case "SCMP_ARCH_X86_64":
      return amd64().get(name);
    case "SCMP_ARCH_X32":
      return x32Number(name);
    case "SCMP_ARCH_AARCH64":
      return aarch64().get(name);
  }
}

/** A function of a call (`nr`) that takes its number (`sub`) as first argument; its name may have a call of its own besides. */
export interface Part {
  readonly nr: number;
  readonly sub: number;
}

/** i386's socketcall(2) and ipc(2): linux/net.h, linux/ipc.h. */
const PARTS = [
  [
    102,
    "1 socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown " +
      "setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg",
  ],
  [117, "1 semop semget semctl semtimedop 11 msgsnd msgrcv msgget msgctl 21 shmat shmdt shmget shmctl"],
] as const;

const parts = once(
  () =>
    new Map(
      PARTS.flatMap(([nr, names]) => [...numbered(names)].map(([name, sub]) => [name, { nr, sub }] as const)),
    ),
);

/** The part of socketcall or ipc that `name` is on i386; undefined for any other. */
export function partOf(abi: Abi, name: string): Part | undefined {
  return abi === "SCMP_ARCH_X86" ? parts().get(name) : undefined;
}

/** Whether any architecture that is known here has a call of that name. */
export function isKnownCall(name: string): boolean {
  return i386().has(name) || amd64().has(name) || parts().has(name) || numbered(FOREIGN).has(name);
}
