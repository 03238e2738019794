export {
  availableCpus,
  type AvailableCpusOptions,
  defaultThreads,
  type DefaultThreadsOptions,
} from "./cpu-limit.ts";
export {
  checkpointProvenance,
  type CheckpointProvenance,
  type CheckpointProvenanceOptions,
} from "./checkpoint-provenance.ts";
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
export { MAX_AUTO_BATCH } from "./extract/batch-size.ts";
export {
  DEFAULT_SHARD_SIZE,
  type ExtractionEvent,
  type ExtractionProgress,
  type ExtractToShardsOptions,
} from "./extract/extraction-options.ts";
export { type ExtractionSummary, extractToShards } from "./extract/extract-to-shards.ts";
export type { ExtractionTotals } from "./extract/manifest.ts";
export type { PictureList } from "./extract/picture-list.ts";
export type { FeatureStorage, StoredOutput } from "./extract/shard-plan.ts";
export { type LocalCheckpoint, openCheckpoint } from "./open-checkpoint.ts";
export { type LocalProjector, openProjector } from "./open-projector.ts";
export type { ExtractedBatch } from "./pipeline/encode-slices.ts";
export { lockOutput, type OutputLock } from "./output-lock.ts";
export {
  defaultWorkers,
  extractFeatures,
  type ExtractFeaturesOptions,
  type FeatureExtraction,
  type PipelineOptions,
} from "./pipeline/extract-features.ts";
export { defaultSessions, type DefaultSessionsOptions } from "./pipeline/default-sessions.ts";
export { mapAhead } from "./pipeline/map-ahead.ts";
export type {
  BadPicture,
  PictureFile,
  PictureOptions,
  PlacedPicture,
} from "./pipeline/pictures.ts";
export {
  planPreparation,
  type PlanOptions,
  type Preparation,
  PREPARATION_MODES,
  type PreparationMode,
  preparePicture,
} from "./pipeline/preparation.ts";
export { type Stage, type StageLoad, type StageLoads, STAGES } from "./pipeline/stage-clock.ts";
export {
  CPU_FUSIONS,
  EXECUTION_PROVIDERS,
  type ExecutionProvider,
  needsAlignedWeights,
  providerFusions,
} from "./providers/execution-providers.ts";
export {
  type PassedOver,
  selectExecutionProvider,
  type SelectedProvider,
  type SelectOptions,
} from "./providers/select-provider.ts";
export { createVisionEncoder, describeDtype, type VisionEncoderOptions } from "./vision-encoder.ts";
export { cacheFolder, type Environment } from "./sidecar/cache-folder.ts";
export type { WeightsOptions } from "./sidecar/choose-weights.ts";
export type { OnWeights, WeightsEvent } from "./sidecar/events.ts";
export type { VisualOptions } from "./visual-outputs.ts";
export type { Placement } from "./worker/protocol.ts";
export { type Examination, examineMachine, type ExamineOptions } from "./doctor/examine-machine.ts";
export type {
  CpuFacts,
  LibcFacts,
  LibraryFacts,
  MachineFacts,
  MemoryFacts,
  NvidiaFacts,
  OnnxruntimeFacts,
  VulkanDriver,
  VulkanFacts,
} from "./doctor/machine-facts.ts";
export {
  type OnnxruntimeInstallation,
  onnxruntimeInstallation,
} from "./doctor/onnxruntime-installation.ts";
export { judgeProvider, type ProviderVerdict, type Trial } from "./providers/judge-provider.ts";
export type { ProbeOutcome, RuntimeBuild } from "./providers/probe-provider.ts";
export { describeRefusal } from "./providers/select-provider.ts";
export type { ProviderProblem } from "./providers/problem.ts";
