// How much memory a session takes, by a formula, so that a model that does not fit is refused before it is read.
//
// Bytes of WebAssembly's memory for n pictures of T tokens, width C, MLP width I, H heads: the larger of
//
//   while it loads   16 MiB + 1.8 · weights
//   while it runs    1.2 · (16 MiB + weights + n · 4 T · (6 C + max(2 I, s H T)))
//
// ONNX Runtime packs weights into a second copy before it lets go of the first. In a run, the residual stream, its norm,
// queries, keys, values and their result are 6 C; besides them either the MLP's two hidden tensors or the attention's
// matrix are there, s of them: 1.5 with fused attention, 2 without. Memory grows in steps of a fifth. Held against what
// onnxruntime-web 1.30 took in docs/decisions/0024.

import {
  countParameters,
  type EncoderConfig,
  type Fusion,
  type GraphModel,
  type InputSize,
} from "@internvit/model-core";

import type { WebDtype } from "./choose-weights.ts";

/** What the need depends on. */
export interface MemoryQuestion {
  readonly config: EncoderConfig;
  readonly inputSize: InputSize;
  readonly batchSize: number;
  readonly fusions: readonly Fusion[];
}

/** A need in bytes. */
export interface MemoryNeed {
  readonly total: number;
  readonly weights: number;
  /** The largest tensor of weights, and of what is computed. */
  readonly largestWeight: number;
  readonly largestResult: number;
}

/** The need of a graph; weights of 16 bits are widened when it loads, unless `dtype` is `f16`. */
export function memoryNeed(
  model: GraphModel,
  question: MemoryQuestion & { readonly dtype: WebDtype },
): MemoryNeed {
  const sizes = model.graph.initializers.map((initializer) => {
    if (initializer.kind !== "external") return 0;
    const widened = question.dtype !== "f16" && initializer.dtype.endsWith("float16");
    return initializer.byteLength * (widened ? 2 : 1);
  });
  const weights = sizes.reduce((sum, size) => sum + size, 0);
  return {
    weights,
    total: totalOf(weights, question),
    largestWeight: sizes.reduce((largest, size) => Math.max(largest, size), 0),
    largestResult: question.batchSize * largestOf(question),
  };
}

/** The need with other weights, roughly: as if all were converted. */
export function roughNeed(dtype: WebDtype, question: MemoryQuestion): number {
  return totalOf(countParameters(question.config) * DTYPE_BYTES_PER_WEIGHT[dtype], question);
}

/** With the scales: in `q4` one in float32 for 32 weights and a zero point, in `q8` one for as many or for a channel. */
const DTYPE_BYTES_PER_WEIGHT: Readonly<Record<WebDtype, number>> = {
  f32: 4,
  f16: 2,
  q8: 1.15,
  "q8-dynamic": 1.05,
  q4: 0.65,
};

const RUNTIME_BYTES = 16 * 2 ** 20;
const PACKING = 1.8;
const GROWTH = 1.2;

function totalOf(weights: number, question: MemoryQuestion): number {
  const { hiddenSize, intermediateSize, numAttentionHeads } = question.config;
  const tokens = tokensOf(question);
  const scores = (question.fusions.includes("attention") ? 1.5 : 2) * numAttentionHeads * tokens;
  const picture = 4 * tokens * (6 * hiddenSize + Math.max(2 * intermediateSize, scores));
  return Math.max(
    RUNTIME_BYTES + PACKING * weights,
    GROWTH * (RUNTIME_BYTES + weights + question.batchSize * picture),
  );
}

function largestOf(question: MemoryQuestion): number {
  const { intermediateSize, numAttentionHeads } = question.config;
  const tokens = tokensOf(question);
  const scores = question.fusions.includes("attention") ? 0 : numAttentionHeads * tokens;
  return 4 * tokens * Math.max(intermediateSize, scores);
}

function tokensOf({ config, inputSize }: MemoryQuestion): number {
  return 1 + (inputSize.height / config.patchSize) * (inputSize.width / config.patchSize);
}
