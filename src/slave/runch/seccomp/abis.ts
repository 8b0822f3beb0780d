/**
 * The three calling conventions that an x86 kernel offers, and what a call is named in each. x32 shares amd64's audit
 * architecture and is told apart by bit 30 of the number.
 */
import { AMD64, BOTH, FOREIGN, I386, NOT_X32, X32 } from "./syscall-tables.ts";

/** linux/audit.h */
export const AUDIT_ARCH_I386 = 0x40000003;
export const AUDIT_ARCH_X86_64 = 0xc000003e;
/** __X32_SYSCALL_BIT */
export const X32_BIT = 0x40000000;

export const ABIS = ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32"] as const;
export type Abi = (typeof ABIS)[number];

export function isAbi(name: string): name is Abi {
  return (ABIS as readonly string[]).includes(name);
}

/** Names that a text of syscall-tables.ts numbers, `bit` being added. */
function numbered(text: string, bit = 0): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = bit;
  for (const word of text.replaceAll("\n", " ").split(" ")) {
    const code = word.charCodeAt(0);
    if (code >= 48 && code <= 57) next = bit + Number(word);
    else if (word !== "") numbers.set(word, next++);
  }
  return numbers;
}

const i386 = numbered(`${I386} ${BOTH}`);
const amd64 = numbered(`${AMD64} ${BOTH}`);
const x32 = numbered(X32, X32_BIT);
const notX32 = numbered(NOT_X32);

/** The number of a call on one ABI; undefined where the ABI has none of that name. */
export function numberOf(abi: Abi, name: string): number | undefined {
  if (abi === "SCMP_ARCH_X86") return i386.get(name);
  const nr = amd64.get(name);
  if (abi === "SCMP_ARCH_X86_64") return nr;
  return x32.get(name) ?? (nr === undefined || notX32.has(name) ? undefined : nr + X32_BIT);
}

/** What is one call by the number in its first argument; the name has a call of its own besides, or none. */
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

const parts = new Map(
  PARTS.flatMap(([nr, names]) => [...numbered(names)].map(([name, sub]) => [name, { nr, sub }] as const)),
);

/** The part of another call that `name` is, on i386. */
export function partOf(abi: Abi, name: string): Part | undefined {
  return abi === "SCMP_ARCH_X86" ? parts.get(name) : undefined;
}

/** Whether any architecture that is known here has a call of that name. */
export function isKnownCall(name: string): boolean {
  return i386.has(name) || amd64.has(name) || parts.has(name) || numbered(FOREIGN).has(name);
}
