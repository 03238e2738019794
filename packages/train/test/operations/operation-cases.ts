// The golden operations as graphs: for each name, how its result is computed from its inputs.

import type { GraphBuilder, Value } from "@internvit/model-core";
import {
  add,
  bicubicMatrix,
  concat,
  gelu,
  layerNormalization,
  reshape,
  rmsNormalization,
  slice,
  transpose,
} from "@internvit/model-core/onnx";

import {
  adaptiveAveragePool,
  attention,
  batchNormalization,
  batchNormalizationByRunning,
  classTokenAndPatchMean,
  conv,
  convTranspose,
  crossEntropy,
  dropout,
  maxPool,
  relu,
  residual,
  resizeBilinear,
  softCrossEntropy,
} from "../../src/index.ts";
import { matMul } from "@internvit/model-core/onnx";
import { separable } from "../../src/ops/separable.ts";

/** The manifest's parameters of an operation. */
export type OperationParameters = Readonly<Record<string, unknown>>;

/** Results by the golden's name; `out` is the one that is differentiated. */
type Results = { readonly out: Value; readonly [name: string]: Value };

interface OperationCall {
  readonly graph: GraphBuilder;
  /** The golden inputs. */
  readonly inputs: Readonly<Record<string, Value>>;
  readonly parameters: OperationParameters;
  /** What the name says: sizes. */
  readonly numbers: readonly number[];
}

type BuildOperation = (call: OperationCall) => Results;

const linear: BuildOperation = ({ graph, inputs }) => {
  const { input, weight, bias } = inputs as Record<string, Value>;
  const product = matMul(graph, input!, transpose(graph, weight!, [1, 0]));
  return { out: bias === undefined ? product : add(graph, product, bias) };
};

const layerNorm: BuildOperation = ({ graph, inputs, parameters }) => {
  const { x, weight, bias } = inputs as Record<"x" | "weight" | "bias", Value>;
  const channelsFirst = parameters["axis"] === 1;
  const rows = channelsFirst ? transpose(graph, x, [0, 2, 3, 1]) : x;
  const epsilon = Number(parameters["eps"]);
  const out = layerNormalization(graph, rows, { weight, bias, epsilon });
  return { out: channelsFirst ? transpose(graph, out, [0, 3, 1, 2]) : out };
};

const rmsNorm: BuildOperation = ({ graph, inputs, parameters }) => {
  const { x, weight } = inputs as Record<"x" | "weight", Value>;
  return { out: rmsNormalization(graph, x, { weight, epsilon: Number(parameters["eps"]) }) };
};

const attend: BuildOperation = ({ graph, inputs }) => {
  const { q: query, k: key, v: value } = inputs as Record<"q" | "k" | "v", Value>;
  return { out: attention(graph, { query, key, value }) };
};

const convolution =
  (options: Omit<Parameters<typeof conv>[2], "weight">): BuildOperation =>
  ({ graph, inputs }) => {
    const { x, weight, bias } = inputs as Record<"x" | "weight" | "bias", Value>;
    return { out: conv(graph, x, { weight, bias, ...options }) };
  };

const batchNorm: BuildOperation = ({ graph, inputs, parameters }) => {
  const { x, weight, bias } = inputs as Record<"x" | "weight" | "bias", Value>;
  const epsilon = Number(parameters["eps"]);
  if (parameters["training"] === false) {
    const { rm: runningMean, rv: runningVariance } = inputs as Record<"rm" | "rv", Value>;
    const state = { weight, bias, runningMean, runningVariance, epsilon };
    return { out: batchNormalizationByRunning(graph, x, state) };
  }
  const { normalized, runningMean, runningVariance } = batchNormalization(graph, x, {
    weight,
    bias,
    runningMean: inputs["running_mean"]!,
    runningVariance: inputs["running_var"]!,
    epsilon,
    momentum: Number(parameters["momentum"]),
  });
  return { out: normalized, running_mean_after: runningMean, running_var_after: runningVariance };
};

const positions: BuildOperation = ({ graph, inputs, numbers }) => {
  const [from, height, width] = numbers as [number, number, number];
  const pos = inputs["pos"]!;
  const hidden = Number(pos.shape[2]);
  const matrix = (to: number) => ({ rows: to, columns: from, data: bicubicMatrix(from, to) });
  const grid = reshape(graph, slice(graph, pos, { axis: 1, start: 1, end: 1 + from * from }), [
    1,
    from,
    from,
    hidden,
  ]);
  const planes = transpose(graph, grid, [0, 3, 1, 2]);
  const resized = separable(graph, planes, {
    vertical: matrix(height),
    horizontal: matrix(width),
  });
  const rows = transpose(graph, reshape(graph, resized, [1, hidden, height * width]), [0, 2, 1]);
  const classToken = slice(graph, pos, { axis: 1, start: 0, end: 1 });
  return { out: concat(graph, [classToken, rows], { axis: 1 }) };
};

/** The mean over all pixels, those without a label among them as zeros. */
const denseCrossEntropy: BuildOperation = ({ graph, inputs }) => {
  const { logits, label } = inputs as Record<"logits" | "label", Value>;
  const loss = crossEntropy(graph, logits, { labels: label, average: "all" });
  return { out: reshape(graph, loss, []) };
};

const softTargets: BuildOperation = ({ graph, inputs }) => {
  const { logits, target } = inputs as Record<"logits" | "target", Value>;
  return { out: reshape(graph, softCrossEntropy(graph, logits, { targets: target }), []) };
};

const block: BuildOperation = ({ graph, inputs, parameters }) => {
  const { x, branch, gamma } = inputs as Record<"x" | "branch" | "gamma", Value>;
  const kept = inputs["kept"];
  const dropPath = kept && { kept, rate: Number(parameters["rate"]) };
  return { out: residual(graph, x, { branch, layerScale: gamma, dropPath }) };
};

/** By the name up to its numbers. */
const OPERATIONS: Readonly<Record<string, BuildOperation>> = {
  linear,
  "linear-no-bias": linear,
  "layer-norm": layerNorm,
  "layer-norm-1e-5-small-variance": layerNorm,
  "layer-norm-channels-first": layerNorm,
  "rms-norm": rmsNorm,
  attention: attend,
  "attention-one-query-sharp": attend,
  gelu: ({ graph, inputs }) => ({ out: gelu(graph, inputs["x"]!) }),
  relu: ({ graph, inputs }) => ({ out: relu(graph, inputs["input"]!) }),
  conv3x3: convolution({ pads: [1, 1, 1, 1] }),
  "conv3x3-bias": convolution({ pads: [1, 1, 1, 1] }),
  conv1x1: convolution({}),
  "conv-transpose-2x2": ({ graph, inputs }) => {
    const { x, weight, bias } = inputs as Record<"x" | "weight" | "bias", Value>;
    return { out: convTranspose(graph, x, { weight, bias, strides: [2, 2] }) };
  },
  patchify: convolution({ strides: [14, 14] }),
  "batch-norm-rows": batchNorm,
  "batch-norm-rows-eval": batchNorm,
  "batch-norm-maps": batchNorm,
  "batch-norm-maps-eval": batchNorm,
  "max-pool-2x2": ({ graph, inputs }) => ({
    out: maxPool(graph, inputs["x"]!, { kernel: [2, 2] }),
  }),
  "adaptive-average": ({ graph, inputs, numbers: [, , size = 0] }) => ({
    out: adaptiveAveragePool(graph, inputs["x"]!, { height: size, width: size }),
  }),
  bilinear: ({ graph, inputs, numbers: [, , height = 0, width = 0] }) => ({
    out: resizeBilinear(graph, inputs["x"]!, { height, width }),
  }),
  position: positions,
  "dense-cross-entropy": denseCrossEntropy,
  "dense-cross-entropy-all-ignored": denseCrossEntropy,
  "dense-cross-entropy-extreme": denseCrossEntropy,
  "soft-cross-entropy": softTargets,
  "class-token-and-patch-mean": ({ graph, inputs }) => ({
    out: classTokenAndPatchMean(graph, inputs["x"]!),
  }),
  "layer-scale-residual": block,
  "drop-path-residual": block,
  "dropout-channels": ({ graph, inputs, parameters }) => ({
    out: dropout(graph, inputs["x"]!, {
      kept: inputs["kept"]!,
      rate: Number(parameters["rate"]),
    }),
  }),
};

/** Adds the graph of a golden operation; throws for a name that nobody has written. */
export function buildOperation(name: string, call: Omit<OperationCall, "numbers">): Results {
  const base = Object.hasOwn(OPERATIONS, name) ? name : name.replace(/-\d+(x\d+)?-to-.*$/, "");
  const build = OPERATIONS[base];
  if (build === undefined) throw new Error(`no graph for the golden operation ${name}`);
  const numbers = Array.from(name.slice(base.length).matchAll(/\d+/g), ([digits]) =>
    Number(digits),
  );
  return build({ ...call, numbers });
}
