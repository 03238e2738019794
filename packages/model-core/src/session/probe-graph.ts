// The two tiny graphs that show whether an execution provider computes what the CPU does.
//
// `plain` is what every encoder is made of: LayerNorm, MatMul, attention written out. `attention` is ONNX Runtime's
// fused attention alone, over 48 tokens: on the native WebGPU provider of ONNX Runtime 1.30 it gives wrong numbers
// without an error from 32 tokens on, when the device has the WebGPU feature `subgroups` (seen on the software adapters
// SwiftShader and lavapipe).

import { createGraphBuilder, type NodeSpec, type Value } from "../onnx/builder.ts";
import { encodeGraphModel } from "../onnx/encode-model.ts";
import type { Tensor } from "../tensor.ts";

const TOKENS = 48;
const HIDDEN = 32;
const HEADS = 2;
const SHAPE = [1, TOKENS, HIDDEN] as const;

/** The graphs of a probe; both map `x` to `y`, float32 [1, 48, 32]. */
export const PROBE_GRAPHS = ["plain", "attention"] as const;

/** One of `PROBE_GRAPHS`. */
export type ProbeGraph = (typeof PROBE_GRAPHS)[number];

/** ModelProto bytes of each graph. */
export function buildProbeGraphs(): Readonly<Record<ProbeGraph, Uint8Array<ArrayBuffer>>> {
  return { plain: plainGraph(), attention: attentionGraph() };
}

/** The input of both graphs: smooth, of both signs, different in every token. */
export function probeInput(): Tensor<"float32"> {
  const data = Float32Array.from({ length: TOKENS * HIDDEN }, (_, i) => 2 * Math.sin(i * 0.37));
  return { dtype: "float32", shape: [...SHAPE], data };
}

function plainGraph(): Uint8Array<ArrayBuffer> {
  const graph = createGraphBuilder();
  const call = (spec: Omit<NodeSpec, "outputs">, shape: readonly number[] = SHAPE): Value => {
    const [value] = graph.addNode({ ...spec, outputs: [{ dtype: "float32", shape }] });
    return value as Value;
  };
  const constant = (shape: readonly number[], value: (index: number) => number): Value => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, (_, i) => value(i));
    return graph.constant({ dtype: "float32", shape, data });
  };
  const x = graph.input("x", "float32", SHAPE);
  const scale = constant([HIDDEN], (i) => 1 + i / HIDDEN);
  const shift = constant([HIDDEN], (i) => i / HIDDEN - 0.5);
  const epsilon = { kind: "float", value: 1e-6 } as const;
  const normalized = call({
    opType: "LayerNormalization",
    inputs: [x, scale, shift],
    attributes: { epsilon },
  });
  const weight = constant([HIDDEN, HIDDEN], (i) => Math.cos(i * 0.61) / Math.sqrt(HIDDEN));
  const query = call({ opType: "MatMul", inputs: [normalized, weight] });
  const key = call(
    {
      opType: "Transpose",
      inputs: [normalized],
      attributes: { perm: { kind: "ints", value: [0, 2, 1] } },
    },
    [1, HIDDEN, TOKENS],
  );
  const factor = constant([], () => HIDDEN ** -0.5);
  const scores = call({ opType: "MatMul", inputs: [query, key] }, [1, TOKENS, TOKENS]);
  const scaled = call({ opType: "Mul", inputs: [scores, factor] }, [1, TOKENS, TOKENS]);
  const weights = call(
    { opType: "Softmax", inputs: [scaled], attributes: { axis: { kind: "int", value: -1 } } },
    [1, TOKENS, TOKENS],
  );
  const attended = call({ opType: "MatMul", inputs: [weights, normalized] });
  graph.output("y", call({ opType: "Add", inputs: [x, attended] }));
  return encodeGraphModel(graph.finish("probe"));
}

function attentionGraph(): Uint8Array<ArrayBuffer> {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", SHAPE);
  const [y] = graph.addNode({
    opType: "MultiHeadAttention",
    domain: "com.microsoft",
    inputs: [x, x, x],
    attributes: { num_heads: { kind: "int", value: HEADS } },
    outputs: [{ dtype: "float32", shape: SHAPE }],
  });
  graph.output("y", y as Value);
  return encodeGraphModel(graph.finish("probe-attention"));
}

/**
 * Largest error that counts as right, relative to the largest expected value. Float32 gives 1e-6; TensorFloat-32 and
 * float16, which nobody asked for, 3e-4 and more.
 */
export const PROBE_TOLERANCE = 1e-4;

/** Largest difference of what was computed, as a part of the largest expected value; infinity when there is a NaN. */
export function probeError({ expected, computed }: ProbeNumbers): number {
  let largest = 0;
  let error = computed.length === expected.length ? 0 : Infinity;
  for (const [i, value] of expected.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const difference = Math.abs(value - (computed[i] ?? Number.NaN));
    // Not Math.max: NaN is the worst error there is.
    if (!(difference <= error)) error = Number.isNaN(difference) ? Infinity : difference;
  }
  return error / largest;
}

/** What the CPU computes for a probe graph, and another provider. */
export interface ProbeNumbers {
  readonly expected: Float32Array;
  readonly computed: Float32Array;
}

/**
 * What a user should know where the fused attention is not used.
 *
 * @param error of the graph `attention`; undefined when the provider refuses it
 */
export function attentionNote(error: number | undefined): string {
  const what =
    error === undefined
      ? "cannot be used"
      : `gives wrong numbers (off by ${error.toExponential(1)} of the largest at ${TOKENS} tokens)`;
  return `ONNX Runtime's fused attention ${what} on this device: attention is computed in separate steps, which are right but take more memory`;
}
