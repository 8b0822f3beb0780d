/** What of vz the tests run here: scripts/machine.mjs decides it, and the runners of tests pass it on. */
import { resolve } from "node:path";

/** A row's name of scripts/build/architectures.tsv. */
export const architecture = process.env["VZ_TEST_ARCH"] ?? "i686";
/** The same, as images' manifests and Debian name it. */
export const manifestArchitecture =
  { i686: "i386", x86_64: "amd64", aarch64: "arm64" }[architecture] ?? architecture;
/** Absolute path of the operator's executable. */
export const vzBinary = process.env["VZ_TEST_EXECUTABLE"] ?? resolve("dist/vz");
/** Absolute path of the base without a payload. */
export const base = process.env["VZ_TEST_BASE"] ?? resolve("build/base-i686");
/** Whether the product runs here, and with it any 32-bit program. */
export const is32 = architecture === "i686";
/** For a test's `skip`: why it cannot run here, or false. */
export const needs32 = is32 ? false : "this machine runs no 32-bit Intel programs";

/** Architectures whose programs the kernel runs, as images name them; also on the lab's VPSes that nothing is taken from. */
export const native: readonly string[] =
  is32 && process.arch === "x64" ? ["i386", "amd64"] : [manifestArchitecture];
