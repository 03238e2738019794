export { bytesSource, type ByteSource } from "./byte-source.ts";
export { isModelError, ModelError, type ModelErrorCode } from "./errors.ts";
export { type Dtype, DTYPE_BYTES, type DtypeArrays, elementCount, type Tensor } from "./tensor.ts";
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./float-bits.ts";

export type { ConfigLayout, EncoderConfig } from "./config/encoder-config.ts";
export {
  type ParseConfigOptions,
  type ParsedConfig,
  parseEncoderConfig,
} from "./config/parse-encoder-config.ts";
export { getPreset, type Preset, presetNames } from "./config/presets.ts";
export {
  type ConfigJsonOptions,
  encoderConfigJson,
  type JsonObject,
  preprocessorConfigJson,
} from "./config/config-json.ts";
export { countParameters } from "./config/count-parameters.ts";

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
export {
  synthesizeCheckpoint,
  type SynthesizedCheckpoint,
  type SynthesizedFile,
  type SynthesizeOptions,
} from "./synthesize/synthesize-checkpoint.ts";
export { MAX_SEED, type Synthesized, synthesizedNotice } from "./synthesize/synthesized.ts";

export type { TensorEntry } from "./checkpoint/weight-files.ts";
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
  type InputSize,
} from "./encoder/build-encoder-graph.ts";
export type { PixelNormalization } from "./encoder/embeddings.ts";
export { ALL_FUSIONS, type Fusion } from "./encoder/fusion.ts";
export { type EncoderOutput, hiddenStateOf } from "./encoder/outputs.ts";

export type { GraphLoadOptions, GraphRunOptions, GraphRuntime, GraphSession } from "./runtime.ts";
export {
  type EncodeOptions,
  type EncoderFeatures,
  type EncoderInfo,
  featureOf,
  toFeatures,
  type VisionEncoder,
} from "./vision-encoder.ts";
