export { isTrainError, TrainError, type TrainErrorCode } from "./errors.ts";
export { gradients, type GradientsOptions, type GradientSource } from "./gradients.ts";
export { differentiate, type DifferentiateOptions, gradientName } from "./differentiate.ts";
export { type FedModel, weightsAsInputs } from "./weights-as-inputs.ts";
export { encoderBlocks } from "./recompute/encoder-blocks.ts";
export { gelus, largeActivations } from "./recompute/large-activations.ts";
export type { RecomputedSpan, SpanFinder } from "./recompute/recomputation.ts";
export { stopGradient } from "./stop-gradient.ts";
export { collapseSingleQueryPooling } from "./rewrites/collapse-single-query-pooling.ts";
export { composeLinearMaps } from "./rewrites/compose-linear-maps.ts";
export { convolveBeforeResizing } from "./rewrites/convolve-before-resizing.ts";
export { foldFrozenNorms } from "./rewrites/fold-frozen-norms.ts";
export { float16Products } from "./rewrites/float16-products.ts";
export type { GraphRewrite, RewriteOptions } from "./rewrites/rewrite.ts";
export { DIFFERENTIABLE_OPERATORS } from "./rules/rules.ts";

export { attention } from "./ops/attention.ts";
export {
  batchNormalization,
  batchNormalizationByRunning,
  type BatchNormalizationState,
} from "./ops/batch-normalization.ts";
export {
  conv,
  convTranspose,
  type ConvOptions,
  type ConvolutionOptions,
} from "./ops/convolution.ts";
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
export { classTokenAndPatchMean } from "./ops/class-token-and-patch-mean.ts";
export { residual } from "./ops/residual.ts";

export {
  crossEntropy,
  type CrossEntropyOptions,
  softCrossEntropy,
} from "./losses/cross-entropy.ts";
export { nextTokenLoss } from "./losses/next-token.ts";

export type {
  Optimizer,
  ParameterGroup,
  RatesCall,
  UpdateCall,
  Updated,
} from "./optimizers/optimizer.ts";
export { adamW, type AdamWOptions } from "./optimizers/adam-w.ts";
export { layerDecay, type LayerDecayOptions } from "./optimizers/layer-decay.ts";
export { sgd, type SgdOptions } from "./optimizers/sgd.ts";

export { constantSchedule, oneUpdateBehind, type Schedule } from "./schedules/schedule.ts";
export { cosineSchedule, type CosineOptions } from "./schedules/cosine.ts";
export { polySchedule, type PolyOptions } from "./schedules/poly.ts";
export {
  initialLossScale,
  type LossScale,
  type LossScaleOptions,
  nextLossScale,
} from "./schedules/loss-scale.ts";

export type {
  BaseCall,
  BatchInput,
  LossCall,
  ModelCall,
  ModelResults,
  Tensors,
  TrainingLoss,
  TrainingModel,
} from "./session/model.ts";
export type { TrainingOptions } from "./session/setup.ts";
export type {
  EvaluationResult,
  StepBatch,
  StepOptions,
  StepResult,
  TrainingSession,
  TrainOptions,
} from "./session/session.ts";
export type { TrainingSessionOptions } from "./session/begin-training.ts";
export { createTrainingSession } from "./session/training-session.ts";
export {
  createEvaluation,
  type Evaluation,
  type EvaluationOptions,
} from "./session/model-evaluation.ts";
export { headGrid, type HeadGridOptions } from "./session/head-grid.ts";
export { type LoopOptions, loopSteps } from "./session/loop-steps.ts";
export { stackTensors, stepOf } from "./session/stacked.ts";
export { dropPathFactors } from "./session/drop-path.ts";
export { batchOrder } from "./session/batch-order.ts";
