export { isRuntimeError, RuntimeError, type RuntimeErrorCode } from "./errors.ts";
export type { CheckedOutput, ExportCheck } from "./export/check-export.ts";
export {
  type ExportedModel,
  exportModel,
  type ExportOptions,
  type ExportProgress,
} from "./export/export-model.ts";
export type { ExportGraphOptions } from "./export/plan-graph.ts";
export type { ExportedFile } from "./export/write-hashed-file.ts";
export { fileSource } from "./file-source.ts";
export {
  createNodeRuntime,
  type NodeGraphSession,
  type NodeRuntime,
  type NodeRuntimeOptions,
} from "./node-runtime.ts";
export { type LocalCheckpoint, openCheckpoint } from "./open-checkpoint.ts";
export { type LocalProjector, openProjector } from "./open-projector.ts";
export { createVisionEncoder, CPU_FUSIONS, type VisionEncoderOptions } from "./vision-encoder.ts";
export type { VisualOptions } from "./visual-outputs.ts";
export type { ExecutionProvider, SessionDescription } from "./worker/protocol.ts";
