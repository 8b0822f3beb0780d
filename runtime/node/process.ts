/** `node:process`: the global. */
const process = globalThis.process;
export const { argv, argv0, env, platform, arch, versions, stdout, stderr } = process;
export const { hrtime } = process;
export const cwd = (): string => process.cwd();
export const chdir = (directory: string): void => process.chdir(directory);
export const exit = (code?: number): never => process.exit(code);
export const kill = (pid: number, signal?: string | number): true => process.kill(pid, signal);
export const nextTick: typeof process.nextTick = (callback, ...args) => process.nextTick(callback, ...args);
/** Also what the bundler puts where a program names process.stdin. */
export { stdin } from "./internal/stdin.ts";
export default process;
