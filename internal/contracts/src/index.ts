export { describeGraphRuntime } from "./graph-runtime.ts";
export { describeVisionEncoder } from "./vision-encoder.ts";
export type { VisionEncoderMaker } from "./vision-encoder-maker.ts";
