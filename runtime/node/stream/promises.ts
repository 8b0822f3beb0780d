/** `node:stream/promises`. */
export { pipelinePromise as pipeline } from "streamx";
