// Several steps in one run: the graph of a step becomes the body of an ONNX Loop. State that the step gives back is
// carried from iteration to iteration, so it crosses the border of the session once for all of them; batches and numbers
// of a step are stacked and picked. What no step changes stays outside, weights that are constants and all that is made
// of them. The nodes of the step stay as they are, so the results are those of single runs, bit for bit (on the CPU).
// https://onnx.ai/onnx/operators/onnx__Loop.html

import {
  type Graph,
  type GraphModel,
  type GraphNode,
  type InlineInitializer,
  type ValueInfo,
} from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { nextName } from "./names.ts";

/** Options of `loopSteps`. */
export interface LoopOptions {
  /** Steps in one run, K. */
  readonly steps: number;
  /** Inputs that all steps share: state that no step changes. Default: none. */
  readonly shared?: readonly string[];
}

/** What the inputs and outputs of a step are in a loop. */
interface StepParts {
  /** State: an input, and the output that is its next value. */
  readonly carried: readonly { readonly before: ValueInfo; readonly after: ValueInfo }[];
  /** Inputs with another value in each step. */
  readonly picked: readonly ValueInfo[];
  /** Outputs that each step adds to. */
  readonly reported: readonly ValueInfo[];
}

/** What a name of the step is called in the loop's body; ONNX wants no name twice, inside and outside. */
const inner = (name: string): string => `loop/${name}`;
const innerValue = (value: ValueInfo): ValueInfo => ({ ...value, name: inner(value.name) });
const ITERATION: ValueInfo = { name: "loop/iteration", dtype: "int64", shape: [] };
const CONDITION: ValueInfo = { name: "loop/condition", dtype: "bool", shape: [] };
const GOES_ON: ValueInfo = { name: "loop/goesOn", dtype: "bool", shape: [] };
const STEPS = "loop/steps";

/**
 * K steps as one graph. An input `x` with an output `next/x` is state: it is fed as before, and `next/x` is the state
 * after the last step. Every other input is fed, and every other output given, stacked: [K, …], a row for each step.
 *
 * A loop does not stop at a number that is not finite. Of the stacked report the first row with one belongs to the step
 * that failed; what comes after it, the state too, is worth nothing, and the state that was fed is the last good one.
 *
 * For CPU, CUDA and WebAssembly. ONNX Runtime 1.30 has no Loop among WebGPU's operators: hold the state on the device
 * there instead. A training session refuses it there.
 *
 * @throws TrainError `invalid-argument` for a number of steps below 1, and for a name in `shared` that is no input or
 * that a step changes; `mismatch` for state that a step does not give back in the form in which it takes it
 */
export function loopSteps({ graph, files }: GraphModel, options: LoopOptions): GraphModel {
  const { steps, shared = [] } = options;
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new TrainError("invalid-argument", `steps: expected a whole number ≥ 1, got ${steps}`);
  }
  const parts = partsOf(graph, shared);
  const { carried, picked, reported } = parts;
  const stacked = (value: ValueInfo): ValueInfo => ({ ...value, shape: [steps, ...value.shape] });
  const outputs = [...carried.map(({ after }) => after), ...reported.map(stacked)];
  const inside = nodesInside(graph, parts);
  const loop: GraphNode = {
    name: "loop",
    opType: "Loop",
    domain: "",
    inputs: [STEPS, "", ...carried.map(({ before }) => before.name)],
    outputs: outputs.map(({ name }) => name),
    attributes: { body: { kind: "graph", value: bodyOf(graph, { ...parts, inside }) } },
  };
  const count: InlineInitializer = {
    kind: "inline",
    name: STEPS,
    tensor: { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(steps)) },
  };
  const before = graph.nodes.filter((node) => !inside.has(node));
  const known = new Set(before.flatMap((node) => node.outputs));
  return {
    files,
    graph: {
      ...graph,
      inputs: graph.inputs.map((input) => (picked.includes(input) ? stacked(input) : input)),
      outputs,
      initializers: [...graph.initializers, count],
      nodes: [...before, loop],
      values: graph.values.filter(({ name }) => known.has(name)),
    },
  };
}

function partsOf(graph: Graph, shared: readonly string[]): StepParts {
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const carried = graph.inputs.flatMap((before) => {
    const after = outputs.get(nextName(before.name));
    if (after === undefined) return [];
    if (before.dtype === after.dtype && formatShape(before.shape) === formatShape(after.shape)) {
      return [{ before, after }];
    }
    throw new TrainError(
      "mismatch",
      `${before.name}: a step takes ${before.dtype} ${formatShape(before.shape)} and gives ${after.dtype} ${formatShape(after.shape)}`,
      { subject: before.name },
    );
  });
  const changing = new Set(carried.map(({ before }) => before));
  const free = graph.inputs.filter((input) => !changing.has(input));
  const wrong = shared.find((name) => !free.some((input) => input.name === name));
  if (wrong !== undefined) {
    throw new TrainError(
      "invalid-argument",
      `shared: expected inputs that no step changes, got ${wrong}`,
      { subject: wrong },
    );
  }
  const states = new Set(carried.map(({ after }) => after));
  return {
    carried,
    picked: free.filter(({ name }) => !shared.includes(name)),
    reported: graph.outputs.filter((output) => !states.has(output)),
  };
}

/** The nodes that give another value in each step, or an output. */
function nodesInside(graph: Graph, { carried, picked }: StepParts): ReadonlySet<GraphNode> {
  const changing = new Set(
    [...carried.map(({ before }) => before), ...picked].map(({ name }) => name),
  );
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const inside = graph.nodes.filter((node) => {
    const stays =
      !node.inputs.some((name) => changing.has(name)) &&
      !node.outputs.some((name) => outputs.has(name));
    if (stays) return false;
    for (const name of node.outputs) changing.add(name);
    return true;
  });
  return new Set(inside);
}

function bodyOf(
  graph: Graph,
  { carried, picked, reported, inside }: StepParts & { readonly inside: ReadonlySet<GraphNode> },
): Graph {
  const outputs = [...carried.map(({ after }) => after), ...reported];
  const renamed = new Set(
    [...carried.map(({ before }) => before), ...picked, ...outputs].map(({ name }) => name),
  );
  const named = (name: string): string => (renamed.has(name) ? inner(name) : name);
  const picks = picked.map(({ name }) =>
    nodeOf("Gather", { inputs: [name, ITERATION.name], output: inner(name) }),
  );
  const nodes = graph.nodes.filter((node) => inside.has(node));
  const computed = new Set(nodes.flatMap((node) => node.outputs));
  return {
    name: "step",
    inputs: [ITERATION, CONDITION, ...carried.map(({ before }) => innerValue(before))],
    outputs: [GOES_ON, ...outputs.map(innerValue)],
    initializers: [],
    nodes: [
      nodeOf("Identity", { inputs: [CONDITION.name], output: GOES_ON.name }),
      ...picks,
      ...nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(named),
        outputs: node.outputs.map(named),
      })),
    ],
    values: [...picked.map(innerValue), ...graph.values.filter(({ name }) => computed.has(name))],
  };
}

function nodeOf(
  opType: string,
  { inputs, output }: { readonly inputs: readonly string[]; readonly output: string },
): GraphNode {
  return {
    name: `${output}/${opType}`,
    opType,
    domain: "",
    inputs,
    outputs: [output],
    attributes: {},
  };
}
