export { describeGraphRuntime } from "./graph-runtime.ts";
export { describeVisionEncoder, type VisionEncoderMaker } from "./vision-encoder.ts";
