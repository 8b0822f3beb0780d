// Code that names the global Buffer gets it from here; a bundle that does not name it does without.
export { Buffer } from "node:buffer";
