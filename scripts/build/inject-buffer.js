// Code that names the global Buffer gets it from here; a bundle that does not name it does without.
export { Buffer } from "node:buffer";
// So that stream code is loaded only where somebody reads standard input.
export { stdin as "process.stdin" } from "node:process";
