export { isRuntimeError, RuntimeError, type RuntimeErrorCode } from "./errors.ts";
export { fileSource } from "./file-source.ts";
export {
  createNodeRuntime,
  type NodeGraphSession,
  type NodeRuntime,
  type NodeRuntimeOptions,
} from "./node-runtime.ts";
export { type LocalCheckpoint, openCheckpoint } from "./open-checkpoint.ts";
export { createVisionEncoder, CPU_FUSIONS, type VisionEncoderOptions } from "./vision-encoder.ts";
export type { ExecutionProvider, SessionDescription } from "./worker/protocol.ts";
