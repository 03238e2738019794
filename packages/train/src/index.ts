export { isTrainError, TrainError, type TrainErrorCode } from "./errors.ts";
export { gradients, type GradientsOptions, type GradientSource } from "./gradients.ts";
export { differentiate, type DifferentiateOptions, gradientName } from "./differentiate.ts";
export { type FedModel, weightsAsInputs } from "./weights-as-inputs.ts";
export { stopGradient } from "./stop-gradient.ts";
export { DIFFERENTIABLE_OPERATORS } from "./rules/rules.ts";

export { attention } from "./ops/attention.ts";
export {
  batchNormalization,
  batchNormalizationByRunning,
  type BatchNormalizationState,
} from "./ops/batch-normalization.ts";
export { conv, convTranspose, type ConvolutionOptions } from "./ops/convolution.ts";
export {
  equal,
  erf,
  exp,
  greater,
  log,
  neg,
  pow,
  relu,
  scale,
  sigmoid,
  tanh,
  where,
} from "./ops/elementwise.ts";
export { gemm, type GemmOptions } from "./ops/gemm.ts";
export { expand, pad, split, squeeze, strided, unsqueeze } from "./ops/layout.ts";
export { dropout } from "./ops/masks.ts";
export { oneHot } from "./ops/one-hot.ts";
export { adaptiveAveragePool, averagePool, maxPool, type PoolOptions } from "./ops/pooling.ts";
export {
  logSoftmax,
  reduceMax,
  reduceMean,
  reduceSum,
  type ReduceOptions,
} from "./ops/reduction.ts";
export { resizeBilinear, type ResizeOptions } from "./ops/resize.ts";
