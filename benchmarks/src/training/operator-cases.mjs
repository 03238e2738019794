// @ts-check
// Single operators with their gradients, as graphs that run in this process: there is no state to keep, and copying
// arrays between threads is not what is measured. Options are those that runtime-node opens sessions with.

import { createGraphBuilder, encodeGraphModel } from "@internvit/model-core";
import { reshape, slice } from "@internvit/model-core/onnx";
import { batchNormalization, conv, gradients, resizeBilinear } from "@internvit/train";
import ort from "onnxruntime-node";

import { filled, uniform, writeTensors } from "./drawn.mjs";
import { timeSteps } from "./turns.mjs";

/** @typedef {import("@internvit/model-core").GraphBuilder} GraphBuilder */
/** @typedef {import("@internvit/model-core").Value} Value */
/** @typedef {import("./drawn.mjs").Tensors} Tensors */

/**
 * @typedef {object} OperatorCase
 * @property {string} name
 * @property {string} title
 * @property {"both" | "forward" | "backward"} pass
 * @property {string} kind PyTorch's operator
 * @property {Record<string, unknown>} settings
 * @property {Tensors} tensors the operator's inputs and `upstream`, the gradient of its result
 * @property {readonly string[]} withRespectTo
 * @property {(graph: GraphBuilder, inputs: Record<string, Value>) => { result: Value, buffers?: readonly Value[] }} build
 */

/** @returns {readonly OperatorCase[]} */
export function operatorCases() {
  return [
    {
      name: "convolution",
      title: "conv 3×3, [4, 512, 36, 36]",
      pass: "both",
      kind: "conv",
      settings: {},
      tensors: {
        image: uniform(41, [4, 512, 36, 36], 1),
        weight: uniform(42, [512, 512, 3, 3], 0.02),
        upstream: uniform(43, [4, 512, 36, 36], 1),
      },
      withRespectTo: ["image", "weight"],
      build: (graph, { image, weight }) => ({
        result: conv(graph, present(image), { weight: present(weight), pads: [1, 1, 1, 1] }),
      }),
    },
    ...resizeCases([4, 150, 32, 32]),
    ...resizeCases([2, 150, 128, 128]),
    ...[
      [1024, 2048],
      [4, 512, 36, 36],
    ].map((shape) => batchNormCase(shape)),
  ];
}

/** @param {readonly number[]} shape @returns {readonly OperatorCase[]} */
function resizeCases(shape) {
  const [, , side = 0] = shape;
  const large = [...shape.slice(0, 2), side * 4, side * 4];
  return /** @type {const} */ (["forward", "backward"]).map((pass) => ({
    name: `resize-${side}-${pass}`,
    title: `bilinear ${side} → ${side * 4}, [${shape.join(", ")}], ${pass}`,
    pass,
    kind: "resize",
    settings: { side: side * 4 },
    tensors: { image: uniform(44, shape, 1), upstream: uniform(45, large, 1) },
    withRespectTo: ["image"],
    build: (graph, { image }) => ({
      result: resizeBilinear(graph, present(image), { height: side * 4, width: side * 4 }),
    }),
  }));
}

/** @param {readonly number[]} shape @returns {OperatorCase} */
function batchNormCase(shape) {
  const [, channels = 0] = shape;
  return {
    name: `batch-norm-${shape.length}`,
    title: `batch norm in training, [${shape.join(", ")}]`,
    pass: "both",
    kind: "batch-norm",
    settings: {},
    tensors: {
      image: uniform(46, shape, 1),
      weight: uniform(47, [channels], 1),
      bias: uniform(48, [channels], 1),
      runningMean: filled([channels], 0),
      runningVariance: filled([channels], 1),
      upstream: uniform(49, shape, 1),
    },
    withRespectTo: ["image", "weight", "bias"],
    build(graph, { image, weight, bias, runningMean, runningVariance }) {
      const result = batchNormalization(graph, present(image), {
        weight,
        bias,
        runningMean: present(runningMean),
        runningVariance: present(runningVariance),
        epsilon: 1e-5,
        momentum: 0.1,
      });
      const { normalized, runningMean: mean, runningVariance: variance } = result;
      return { result: normalized, buffers: [mean, variance] };
    },
  };
}

/** @template T @param {T | undefined} value @returns {T} */
function present(value) {
  if (value === undefined) throw new Error("an input is missing");
  return value;
}

/**
 * @param {OperatorCase} operator
 * @param {{ python: import("./training-peers.mjs").Python, work: string, threads: number }} options
 */
export async function openOperator(operator, { python, work, threads }) {
  const { name, kind, settings, pass, tensors } = operator;
  const file = await writeTensors(work, { name, tensors });
  const { results } = await python.ask({
    do: "open",
    case: "operator",
    file,
    settings: { kind, pass, withRespectTo: operator.withRespectTo, ...settings },
  });
  const feeds = Object.fromEntries(
    Object.entries(tensors).map(([input, { data, shape }]) => [
      input,
      new ort.Tensor("float32", /** @type {Float32Array} */ (data), [...shape]),
    ]),
  );
  const whole = await openGraph(operatorGraph(operator), threads);
  const computed = await whole.session.run(whole.pick(feeds));
  const sums = whole.session.outputNames.map((output) => sumOf(computed[output]?.data));
  await whole.session.release();
  const { session, pick } = await openGraph(firstElements(operatorGraph(operator)), threads);
  const given = pick(feeds);
  const own = {
    name: "internvit",
    run: (/** @type {number} */ steps) => timeSteps(steps, () => session.run(given)),
    close: () => session.release(),
  };
  const torch = {
    name: "PyTorch, eager",
    run: (/** @type {number} */ steps) => python.ask({ do: "run", form: "eager", steps }),
    close: () => python.ask({ do: "close" }),
  };
  return { sides: [torch, own], comparison: compareSums(sums, results) };
}

/** @param {import("@internvit/model-core").GraphModel} model @param {number} threads */
async function openGraph(model, threads) {
  const session = await ort.InferenceSession.create(encodeGraphModel(model), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { dynamic_block_base: "4" } },
  });
  return {
    session,
    /** @param {Record<string, import("onnxruntime-node").Tensor>} feeds */
    pick: (feeds) =>
      Object.fromEntries(session.inputNames.map((input) => [input, present(feeds[input])])),
  };
}

/** @param {OperatorCase} operator */
function operatorGraph({ tensors, pass, withRespectTo, build }) {
  const graph = createGraphBuilder();
  const inputs = Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name !== "upstream" || pass !== "forward")
      .map(([name, { shape }]) => [name, graph.input(name, "float32", shape)]),
  );
  const { result, buffers = [] } = build(graph, inputs);
  if (pass !== "backward") graph.output("result", result);
  if (pass !== "forward") {
    const upstream = present(inputs["upstream"]);
    const computed = gradients(graph, [{ value: result, upstream }], {
      withRespectTo: withRespectTo.map((name) => present(inputs[name])),
    });
    for (const [at, value] of computed.entries()) {
      graph.output(`gradient/${withRespectTo[at]}`, value);
    }
  }
  for (const [at, value] of buffers.entries()) graph.output(`buffer/${at}`, value);
  return graph.finish("operator");
}

/**
 * The same with the first element of each output: ONNX Runtime's binding for Node copies outputs, which results in the
 * middle of a training are not.
 * @param {import("@internvit/model-core").GraphModel} model
 */
function firstElements({ graph: finished }) {
  const graph = createGraphBuilder({
    ...finished,
    outputs: [],
    values: [...finished.values, ...finished.outputs],
  });
  for (const { name, shape } of finished.outputs) {
    const flat = reshape(graph, graph.value(name), [
      shape.reduce((a, b) => Number(a) * Number(b), 1),
    ]);
    graph.output(`first/${name}`, slice(graph, flat, { axis: 0, start: 0, end: 1 }));
  }
  return graph.finish("operator");
}

/** @param {unknown} data */
function sumOf(data) {
  let sum = 0;
  let squares = 0;
  let at = 0;
  // Weighted by place, so that an exchange is seen.
  for (const value of /** @type {Float32Array} */ (data)) {
    sum += value * Math.cos(at++);
    squares += value * value;
  }
  return { sum, length: Math.sqrt(squares) };
}

/**
 * The largest difference of the sums, in lengths of the tensors.
 * @param {readonly { sum: number, length: number }[]} own
 * @param {readonly { sum: number, length: number }[]} peer
 */
function compareSums(own, peer) {
  const errors = own.map(({ sum }, at) => {
    const expected = present(peer[at]);
    return Math.abs(sum - expected.sum) / expected.length;
  });
  return { result: Number(Math.max(...errors).toExponential(1)) };
}
