export { bytesSource, type ByteSource } from "./byte-source.ts";
export { isModelError, ModelError, type ModelErrorCode } from "./errors.ts";
export type { JsonFacts, JsonValue } from "./json-value.ts";
export { type Dtype, DTYPE_BYTES, type DtypeArrays, elementCount, type Tensor } from "./tensor.ts";
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./float-bits.ts";

export type { ConfigLayout, EncoderConfig } from "./config/encoder-config.ts";
export {
  type ChatConfig,
  DEFAULT_VISUAL_SETTINGS,
  tokensPerTile,
  type VisualSettings,
} from "./config/chat-config.ts";
export {
  type ParseConfigOptions,
  type ParsedConfig,
  parseEncoderConfig,
} from "./config/parse-encoder-config.ts";
export { getPreset, type Preset, presetNames } from "./config/presets.ts";
export {
  chatConfigJson,
  type ChatConfigJsonOptions,
  type ConfigJsonOptions,
  encoderConfigJson,
  type JsonObject,
  preprocessorConfigJson,
} from "./config/config-json.ts";
export { countParameters, countProjectorParameters } from "./config/count-parameters.ts";

export type { SafetensorsEntry } from "./safetensors/entry.ts";
export { MAX_HEADER_BYTES, type SafetensorsHeader } from "./safetensors/header.ts";
export {
  type ReadHeaderOptions,
  readSafetensorsHeader,
  readTensor,
  type ReadTensorOptions,
  type StoredTensor,
} from "./safetensors/read.ts";
export {
  encodeSafetensors,
  encodeSafetensorsHeader,
  type EncodeSafetensorsOptions,
  type SafetensorsLayout,
  type TensorDescription,
} from "./safetensors/write.ts";

export { type CheckpointDirectory, memoryDirectory } from "./checkpoint/directory.ts";
export {
  type Checkpoint,
  readCheckpoint,
  type ReadCheckpointOptions,
} from "./checkpoint/read-checkpoint.ts";
export { MAX_SEED, type Synthesized, synthesizedNotice } from "./synthesize/synthesized.ts";

export type { AbsentShard, TensorEntry } from "./checkpoint/weight-files.ts";
export type { NamingScheme } from "./checkpoint/naming.ts";
export type {
  Affine,
  EncoderWeights,
  LayerWeights,
  WeightDtype,
  WeightSlice,
} from "./checkpoint/encoder-tensors.ts";
export {
  type CheckpointTensors,
  matchEncoderTensors,
  resolveEncoderWeights,
  type TensorMatch,
} from "./checkpoint/match-encoder-tensors.ts";
export type { TensorProblems } from "./checkpoint/match-tensors.ts";
export type { ProjectorWeights } from "./checkpoint/projector-tensors.ts";
export {
  matchProjectorTensors,
  type ProjectorMatch,
  type ProjectorTensors,
  resolveProjectorWeights,
} from "./checkpoint/match-projector-tensors.ts";
export {
  type ProjectorFiles,
  readProjector,
  type ReadProjectorOptions,
} from "./checkpoint/read-projector.ts";
export {
  type FeatureGrid,
  type PixelShuffleVersion,
  pixelUnshuffle,
  type PixelUnshuffleOptions,
  unshuffledGrid,
} from "./pixel-unshuffle.ts";

export type {
  Attribute,
  Dimension,
  ExternalInitializer,
  Graph,
  GraphModel,
  GraphNode,
  Initializer,
  InlineInitializer,
  OperatorDomain,
  ValueInfo,
} from "./onnx/graph.ts";
export { encodeGraphModel, type EncodeGraphModelOptions, ONNX_OPSET } from "./onnx/encode-model.ts";
export {
  createGraphBuilder,
  type GraphBuilder,
  type NodeSpec,
  type Value,
} from "./onnx/builder.ts";

export {
  buildEncoderGraph,
  type EncoderGraphOptions,
  type EncoderInput,
  type EncoderModel,
  type InputSize,
} from "./encoder/build-encoder-graph.ts";
export type { PixelNormalization } from "./encoder/embeddings.ts";
export { ALL_FUSIONS, type Fusion } from "./encoder/fusion.ts";
export { type EncoderOutput, hiddenStateOf, isVisualOutput } from "./encoder/outputs.ts";

export { ENCODER_DTYPES, type EncoderDtype, KEPT_FLOAT32 } from "./quantize/encoder-dtype.ts";
export { type LayerChannels, measureChannels } from "./quantize/channels.ts";
export {
  type DerivedData,
  type DerivedGroup,
  type ReadWeights,
  WEIGHT_ALIGNMENT,
} from "./quantize/derived-file.ts";
export { planAlignedWeights } from "./quantize/align-weights.ts";
export type { ConvertedMap, LinearMap, StoredTensorSlice } from "./quantize/linear-map.ts";
export {
  type ConversionTarget,
  type ConvertedDtype,
  maySpread,
  needsChannels,
} from "./quantize/choose-forms.ts";
export {
  type DerivedWeights,
  type LayerSpread,
  planEncoderWeights,
  planProjectorWeights,
  type PlanWeightsOptions,
  spreadOf,
} from "./quantize/plan-weights.ts";

export type { Placement } from "./session/placement.ts";
export { isRuntimeError, RuntimeError, type RuntimeErrorCode } from "./session/runtime-error.ts";
export type {
  GraphLoadOptions,
  GraphRunOptions,
  GraphRuntime,
  GraphSession,
  HeldTensor,
  HeldTensors,
  HolderLoadOptions,
  HolderRunResult,
  HolderSession,
  HoldOptions,
  TensorHolder,
} from "./runtime.ts";
export {
  type ConversionInfo,
  type EncodeOptions,
  type EncoderFeatures,
  type EncoderInfo,
  featureOf,
  toFeatures,
  type VisionEncoder,
  type VisualInfo,
} from "./vision-encoder.ts";
export {
  encodeVisualTokens,
  type EncodeVisualTokensOptions,
  type PlannedPixels,
  type PlannedVisualTokens,
} from "./visual-tokens.ts";

export type { ImageSize } from "./tiling/image-size.ts";
export {
  candidateTileGrids,
  MAX_TILES,
  selectTileGrid,
  type TileGrid,
  type TilingOptions,
} from "./tiling/tile-grid.ts";
export { planTiles, type TilePlan, type TileRectangle } from "./tiling/tile-plan.ts";
export {
  planImages,
  type PlannedPicture,
  planVideo,
  type Span,
  type VisualPlan,
  type VisualPlanOptions,
} from "./tiling/visual-plan.ts";

export { imagePlaceholder, SPECIAL_TOKENS, type SpecialToken } from "./prompt/special-tokens.ts";
export {
  expandImagePlaceholders,
  IMAGE_PLACEHOLDER,
  type PromptPlan,
  visualPrompt,
  type VisualPromptOptions,
} from "./prompt/image-placeholders.ts";
export {
  chatPrompt,
  type ChatPrompt,
  type ChatPromptOptions,
  type ChatTurn,
  type PromptSegment,
  STOP_TOKEN,
} from "./prompt/chat-prompt.ts";
export { scatterVisualTokens, type ScatterOptions } from "./prompt/scatter-visual-tokens.ts";
export { lossWeight, type LossReduction } from "./prompt/loss-weight.ts";

export { createRandom, type Random } from "./random/random.ts";
