export { blobDirectory, type BlobSource, blobSource } from "./blob-source.ts";
export { capabilities, type Capability, type WebCapabilities } from "./capabilities.ts";
export { isRuntimeError, RuntimeError, type RuntimeErrorCode } from "./errors.ts";
export { openCheckpoint } from "./open-checkpoint.ts";
export type { PassedOver } from "./select-provider.ts";
export type { WebDtype } from "./choose-weights.ts";
export {
  createVisionEncoder,
  type VisionEncoderOptions,
  type WebVisionEncoder,
} from "./vision-encoder.ts";
export type { WeightsPlace } from "./store/keep-request.ts";
export {
  openWeightStore,
  type StoredWeights,
  type StoreEstimate,
  type WeightStore,
} from "./store/weight-store.ts";
export {
  createWebRuntime,
  type WebRuntime,
  type WebRuntimeOptions,
  type WorkerOptions,
} from "./web-runtime.ts";
export type { WebTensorHolder } from "./web-holder.ts";
export type { WebGraphSession } from "./web-session.ts";
export type { AdapterFacts } from "./worker/adapter-facts.ts";
export type { WeightProgress } from "./worker/keep-order.ts";
export type { WebProvider } from "./worker/protocol.ts";
export type { StorePlace } from "./worker/stored-files.ts";
