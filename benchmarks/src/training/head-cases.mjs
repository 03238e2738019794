// @ts-check
// Heads on frozen features: a linear probe with and without batch norm, thirteen of them at once, and attention pooling
// (recipes of InternVL's classification), with Nesterov's momentum and a limit of the gradients' norm that every step is above.

import {
  add,
  gather,
  layerNormalization,
  matMul,
  reshape,
  transpose,
} from "@internvit/model-core/onnx";
import {
  attention,
  batchNormalization,
  batchNormalizationByRunning,
  constantSchedule,
  crossEntropy,
  gemm,
  headGrid,
  reduceMean,
  sgd,
} from "@internvit/train";

import { drawnLabels, filled, uniform } from "./drawn.mjs";

/** @typedef {import("@internvit/train").TrainingOptions} TrainingOptions */
/** @typedef {import("@internvit/train").ModelCall} ModelCall */
/** @typedef {import("@internvit/model-core").GraphBuilder} GraphBuilder */
/** @typedef {import("@internvit/model-core").Value} Value */
/** @typedef {import("./training-peers.mjs").TrainingCase} TrainingCase */

const CLASSES = 1000;
const [ROWS, WIDTH, BATCH] = [16384, 2048, 1024];
/** Below the norm of all gradients, so that clipping is engaged. */
const LIMIT = 0.02;
const RATE = 0.2;
const GRID = Array.from({ length: 13 }, (_, at) => ({
  learningRateScale: 2 ** (at / 2 - 4),
  weightDecay: at % 2 === 0 ? 0 : 1e-4,
}));
const [SAMPLES, TOKENS, CHANNELS, HEADS] = [64, 1025, 1024, 16];

/** @typedef {{ norm: boolean }} ProbeForm with batch norm before the linear layer, as the recipes have it */

/** @param {ProbeForm} form @returns {Pick<TrainingOptions, "model" | "loss">} */
function linearProbe({ norm }) {
  return {
    model: {
      inputs: { features: { dtype: "float32", shape: [BATCH, WIDTH] } },
      parameters: {
        weight: uniform(2, [CLASSES, WIDTH], 0.02),
        bias: uniform(3, [CLASSES], 0.02),
        ...(norm && {
          "norm.weight": filled([WIDTH], 1),
          "norm.bias": filled([WIDTH], 0),
        }),
      },
      ...(norm && { buffers: runningStatistics(WIDTH) }),
      build: (graph, call) => {
        const features = call.input("features");
        const normed = norm
          ? batchNorm(graph, features, call)
          : { normalized: features, buffers: {} };
        const logits = gemm(graph, normed.normalized, call.parameter("weight"), {
          transposeRight: true,
          bias: call.parameter("bias"),
        });
        return { outputs: { logits }, buffers: normed.buffers };
      },
    },
    loss: lossOf(BATCH),
  };
}

/** @param {number} width */
function runningStatistics(width) {
  return { running_mean: filled([width], 0), running_var: filled([width], 1) };
}

/**
 * The same with the features of all rows held where the graphs run, as PyTorch has them in memory: a batch is the numbers
 * of its rows.
 * @param {Pick<TrainingOptions, "model" | "loss">} probe
 * @param {ReturnType<typeof drawnFeatures>} drawn
 * @returns {{ model: TrainingOptions["model"], batches: readonly import("./drawn.mjs").Tensors[] }}
 */
function heldFeatures({ model }, { features, batches }) {
  return {
    model: {
      ...model,
      inputs: { rows: { dtype: "int64", shape: [BATCH] } },
      constants: { features },
      build: (graph, call) => {
        const picked = gather(graph, call.constant("features"), {
          axis: 0,
          indices: call.input("rows"),
        });
        return model.build(graph, { ...call, input: () => picked });
      },
    },
    batches: batches.map(({ labels }, at) => ({
      labels,
      rows: {
        dtype: /** @type {const} */ ("int64"),
        shape: [BATCH],
        data: BigInt64Array.from({ length: BATCH }, (_, row) => BigInt(at * BATCH + row)),
      },
    })),
  };
}

/** @param {number} samples @returns {TrainingOptions["loss"]} */
function lossOf(samples) {
  return {
    inputs: { labels: { dtype: "int64", shape: [samples], labels: { classes: CLASSES } } },
    build: (graph, { input, output }) =>
      crossEntropy(graph, output("logits"), { labels: input("labels") }),
  };
}

const settings = /** @type {const} */ ({
  optimizer: sgd({ momentum: 0.9, nesterov: true }),
  schedule: constantSchedule(RATE),
  maxGradNorm: LIMIT,
});

/** All rows, and the batches as parts of them. */
function drawnFeatures() {
  const features = uniform(1, [ROWS, WIDTH], 1);
  const labels = drawnLabels(4, { count: ROWS, classes: CLASSES });
  const batches = Array.from({ length: ROWS / BATCH }, (_, at) => ({
    features: {
      dtype: /** @type {const} */ ("float32"),
      shape: [BATCH, WIDTH],
      data: features.data.subarray(at * BATCH * WIDTH, (at + 1) * BATCH * WIDTH),
    },
    labels: {
      dtype: /** @type {const} */ ("int64"),
      shape: [BATCH],
      data: labels.data.subarray(at * BATCH, (at + 1) * BATCH),
    },
  }));
  return { features, labels, batches };
}

/** @param {ProbeForm} form @returns {TrainingCase} */
export function probeCase(form) {
  const drawn = drawnFeatures();
  const { features, labels, batches } = drawn;
  const options = { ...linearProbe(form), ...settings };
  const { model, batches: heldBatches } = heldFeatures(options, drawn);
  return {
    name: form.norm ? "norm-probe" : "probe",
    title: form.norm ? "batch norm and linear probe" : "linear probe",
    options,
    batches,
    tensors: { features, labels, ...options.model.parameters },
    peer: { batch: BATCH, rate: RATE, limit: LIMIT, heads: [{}] },
    held: { options: { ...options, model }, batches: heldBatches, stepsPerRun: 16 },
    steps: 16,
  };
}

/** @param {ProbeForm} form @returns {TrainingCase} */
export function gridCase(form) {
  const drawn = drawnFeatures();
  const { features, labels, batches } = drawn;
  const one = linearProbe(form);
  const { model, batches: heldBatches } = heldFeatures(one, drawn);
  const heads = Object.fromEntries(GRID.map((head, at) => [`head${at}`, head]));
  return {
    name: form.norm ? "norm-grid" : "grid",
    title: form.norm ? "13 of batch norm and linear probe" : "13 linear probes",
    options: { ...headGrid({ ...one, heads }), ...settings },
    batches,
    tensors: { features, labels, ...one.model.parameters },
    peer: { batch: BATCH, rate: RATE, limit: LIMIT, heads: GRID },
    held: {
      options: { ...headGrid({ ...one, model, heads }), ...settings },
      batches: heldBatches,
      stepsPerRun: 8,
    },
    steps: 8,
  };
}

/** @returns {TrainingCase} */
export function poolingCase() {
  /** @param {string} name @returns {[string, import("@internvit/model-core").Tensor][]} */
  const norm = (name) => [
    [`${name}.weight`, filled([CHANNELS], 1)],
    [`${name}.bias`, filled([CHANNELS], 0)],
  ];
  const spread = CHANNELS ** -0.5;
  const square = [CHANNELS, CHANNELS];
  const parameters = Object.fromEntries([
    ...["norm1_q", "norm1_k", "norm1_v", "norm"].flatMap(norm),
    ...["q", "k", "v"].flatMap((part, at) => [
      [`${part}.weight`, uniform(10 + at, square, spread)],
      [`${part}_bias`, filled([CHANNELS], 0)],
    ]),
    ["proj.weight", uniform(20, square, spread)],
    ["proj.bias", uniform(21, [CHANNELS], spread)],
    ["head.weight", uniform(22, [CLASSES, CHANNELS], 0.02)],
    ["head.bias", filled([CLASSES], 0)],
  ]);
  const tokens = uniform(23, [SAMPLES, TOKENS, CHANNELS], 1);
  const labels = drawnLabels(24, { count: SAMPLES, classes: CLASSES });
  /** @type {TrainingOptions["model"]} */
  const model = {
    inputs: { tokens: { dtype: "float32", shape: [SAMPLES, TOKENS, CHANNELS] } },
    parameters,
    buffers: runningStatistics(CHANNELS),
    build: pooledLogits,
  };
  const options = { model, loss: lossOf(SAMPLES), ...settings };
  return {
    name: "pooling",
    title: "attention pooling",
    options,
    held: {
      options: {
        ...options,
        model: {
          ...model,
          inputs: {},
          constants: { tokens },
          build: (graph, call) => pooledLogits(graph, { ...call, input: call.constant }),
        },
      },
      batches: [{ labels }],
      stepsPerRun: 1,
    },
    batches: [{ tokens, labels }],
    tensors: { tokens, labels, ...parameters },
    peer: { rate: RATE, limit: LIMIT, heads: HEADS },
    forms: ["sdpa", "collapsed"],
    steps: 2,
  };
}

/** @type {TrainingOptions["model"]["build"]} */
function pooledLogits(graph, call) {
  const tokens = call.input("tokens");
  const [samples, count, width] = /** @type {number[]} */ (tokens.shape);
  /** @param {"q" | "k" | "v"} part @param {Value} value @param {number} rows */
  const projected = (part, value, rows) => {
    const normed = layerNormalization(graph, value, {
      weight: call.parameter(`norm1_${part}.weight`),
      bias: call.parameter(`norm1_${part}.bias`),
      epsilon: 1e-5,
    });
    const weight = transpose(graph, call.parameter(`${part}.weight`), [1, 0]);
    const full = add(graph, matMul(graph, normed, weight), call.parameter(`${part}_bias`));
    const byHead = [samples ?? 0, rows, HEADS, (width ?? 0) / HEADS];
    return transpose(graph, reshape(graph, full, byHead), [0, 2, 1, 3]);
  };
  const pooled = attention(graph, {
    query: projected("q", reduceMean(graph, tokens, { axes: [1] }), 1),
    key: projected("k", tokens, count ?? 0),
    value: projected("v", tokens, count ?? 0),
  });
  const feature = gemm(
    graph,
    reshape(graph, pooled, [samples ?? 0, width ?? 0]),
    call.parameter("proj.weight"),
    { transposeRight: true, bias: call.parameter("proj.bias") },
  );
  const { normalized, buffers } = batchNorm(graph, feature, call);
  const logits = gemm(graph, normalized, call.parameter("head.weight"), {
    transposeRight: true,
    bias: call.parameter("head.bias"),
  });
  return { outputs: { logits }, buffers };
}

/** @param {GraphBuilder} graph @param {Value} value @param {ModelCall} call */
function batchNorm(graph, value, { mode, parameter, buffer }) {
  const state = {
    weight: parameter("norm.weight"),
    bias: parameter("norm.bias"),
    runningMean: buffer("running_mean"),
    runningVariance: buffer("running_var"),
    epsilon: 1e-6,
  };
  if (mode === "evaluation") {
    return { normalized: batchNormalizationByRunning(graph, value, state), buffers: {} };
  }
  const { normalized, runningMean, runningVariance } = batchNormalization(graph, value, {
    ...state,
    momentum: 0.1,
  });
  return { normalized, buffers: { running_mean: runningMean, running_var: runningVariance } };
}
