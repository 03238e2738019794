import type { GraphNode, Tensor } from "@internvit/model-core";
import { expect, test } from "vitest";

import {
  batchNormalization,
  batchNormalizationByRunning,
  conv,
  convTranspose,
  crossEntropy,
  gemm,
  headGrid,
  reduceMean,
  resizeBilinear,
  sgd,
  type TrainingOptions,
} from "../../src/index.ts";
import { buildEvaluationGraph } from "../../src/session/evaluation.ts";
import { trainingSetup } from "../../src/session/setup.ts";
import { buildStepGraph } from "../../src/session/step-graph.ts";
import { poolingProbe } from "./pooling-probe.ts";

const [CLASSES, WIDTH] = [3, 8];

function zeros(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: "float32", shape, data: new Float32Array(count) };
}

/** The forward pass over the tokens: their norms and the collapsed places, in the graphs of a step and of evaluation. */
function places(options: TrainingOptions) {
  const setup = trainingSetup(options);
  const graphs = [buildStepGraph(setup, "update").model, buildEvaluationGraph(setup, setup.inputs)];
  const count = (wanted: (node: GraphNode) => boolean) =>
    graphs.map(({ graph }) => graph.nodes.filter((node) => wanted(node)).length);
  return {
    norms: count(({ opType, inputs }) => opType === "LayerNormalization" && inputs[0] === "tokens"),
    collapsed: count(({ opType, name }) => opType === "Softmax" && name.includes("/collapsed/")),
  };
}

test("a session collapses the pooling of frozen tokens, in steps and in evaluation", () => {
  expect(places(poolingProbe())).toEqual({ norms: [1, 1], collapsed: [1, 1] });
  expect(places({ ...poolingProbe(), rewrites: [] })).toEqual({ norms: [2, 2], collapsed: [0, 0] });
});

test("a session collapses the pooling of tokens that are trained, too", () => {
  expect(places(poolingProbe({ trunk: true })).collapsed).toEqual([1, 1]);
});

test("heads of a grid share the normalised tokens", () => {
  const { model, loss, ...options } = poolingProbe();
  const grid = headGrid({ model, loss, heads: { first: {}, second: {}, third: {} } });
  expect(places({ ...options, ...grid })).toEqual({ norms: [1, 1], collapsed: [3, 3] });
});

/** The places of a rewrite, by the scope that it writes, in the graphs of a step and of evaluation. */
function rewrittenPlaces(options: TrainingOptions, scope: string) {
  const setup = trainingSetup(options);
  const graphs = [buildStepGraph(setup, "update").model, buildEvaluationGraph(setup, setup.inputs)];
  return graphs.map(({ graph }) => {
    const found = graph.nodes.flatMap(({ name }) =>
      !name.includes("gradient/") && name.includes(`/${scope}/`) ? [name.split("/")[0]] : [],
    );
    return new Set(found).size;
  });
}

/** Batch norm and a linear layer on frozen features. */
function linearHead(rows: number): TrainingOptions {
  const shape = [rows, WIDTH];
  return {
    model: {
      inputs: { features: { dtype: "float32", shape } },
      parameters: {
        "norm.weight": zeros(WIDTH),
        "norm.bias": zeros(WIDTH),
        "head.weight": zeros(CLASSES, WIDTH),
        "head.bias": zeros(CLASSES),
      },
      buffers: { "norm.running_mean": zeros(WIDTH), "norm.running_var": zeros(WIDTH) },
      build: (graph, call) => {
        const features = call.input("features");
        const state = {
          weight: call.parameter("norm.weight"),
          bias: call.parameter("norm.bias"),
          runningMean: call.buffer("norm.running_mean"),
          runningVariance: call.buffer("norm.running_var"),
          epsilon: 1e-6,
          momentum: 0.1,
        };
        const trained =
          call.mode === "training" ? batchNormalization(graph, features, state) : undefined;
        const value = trained?.normalized ?? batchNormalizationByRunning(graph, features, state);
        const logits = gemm(graph, value, call.parameter("head.weight"), {
          transposeRight: true,
          bias: call.parameter("head.bias"),
        });
        return {
          outputs: { logits },
          ...(trained && {
            buffers: {
              "norm.running_mean": trained.runningMean,
              "norm.running_var": trained.runningVariance,
            },
          }),
        };
      },
    },
    loss: {
      inputs: { labels: { dtype: "int64", shape: [rows], labels: { classes: CLASSES } } },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels") }),
    },
    optimizer: sgd(),
    schedule: () => 0.1,
  };
}

test("the steps of a session fold the norm of frozen features into the linear layer behind it", () => {
  expect(rewrittenPlaces(linearHead(128), "folded")).toEqual([1, 0]);
  expect(rewrittenPlaces(linearHead(127), "folded")).toEqual([0, 0]);
});

test("a session convolves maps before they are resized, in steps and in evaluation", () => {
  const [channels, side] = [12, 8];
  const options: TrainingOptions = {
    model: {
      inputs: { map: { dtype: "float32", shape: [1, channels, 2, 2] } },
      parameters: { weight: zeros(CLASSES, channels, 3, 3) },
      build: (graph, { input, parameter }) => {
        const resized = resizeBilinear(graph, input("map"), { height: side, width: side });
        const weight = parameter("weight");
        return { outputs: { convolved: conv(graph, resized, { weight, pads: [1, 1, 1, 1] }) } };
      },
    },
    loss: {
      inputs: {},
      build: (graph, { output }) =>
        reduceMean(graph, output("convolved"), { axes: [0, 1, 2, 3], keepAxes: false }),
    },
    optimizer: sgd(),
    schedule: () => 0.1,
  };
  expect(rewrittenPlaces(options, "parted")).toEqual([1, 1]);
  expect(rewrittenPlaces({ ...options, rewrites: [] }, "parted")).toEqual([0, 0]);
});

test("a session makes one map of two, unless somebody watches what is in between", () => {
  const [channels, side] = [8, 6];
  const options: TrainingOptions = {
    model: {
      inputs: { map: { dtype: "float32", shape: [1, channels, side, side] } },
      parameters: { first: zeros(channels, channels, 2, 2), second: zeros(1, channels, 1, 1) },
      build: (graph, { input, parameter }) => {
        const weight = parameter("first");
        const wide = convTranspose(graph, input("map"), { weight, strides: [2, 2] });
        return { outputs: { wide, logits: conv(graph, wide, { weight: parameter("second") }) } };
      },
    },
    loss: {
      inputs: {},
      build: (graph, { output }) =>
        reduceMean(graph, output("logits"), { axes: [0, 1, 2, 3], keepAxes: false }),
    },
    optimizer: sgd(),
    schedule: () => 0.1,
  };
  expect(rewrittenPlaces(options, "composed")[0]).toBe(1);
  expect(rewrittenPlaces({ ...options, watch: ["logits"] }, "composed")[0]).toBe(1);
  expect(rewrittenPlaces({ ...options, watch: ["wide"] }, "composed")[0]).toBe(0);
});
