// How weights reach the data file, against the plainest way to do the same.

import {
  bfloat16ToFloat32,
  bytesSource,
  createGraphBuilder,
  type Dtype,
  float16ToFloat32,
} from "@internvit/model-core";
import { createRandom } from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

import { foldWeights } from "../src/export/fold-weights.ts";
import { planDataFile } from "../src/export/plan-data-file.ts";
import { weightPieces } from "../src/export/weight-pieces.ts";

const ELEMENT_BYTES = { float32: 4, bfloat16: 2, float16: 2 } as const;

function randomBytes(length: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length }, () => random.below(256));
}

/** The weight's bytes in one go. */
function naive(
  stored: Uint8Array,
  options: {
    readonly from: keyof typeof ELEMENT_BYTES;
    readonly to: Dtype;
    readonly rows: number;
    readonly columns: number;
    readonly transposed: boolean;
  },
): Uint8Array {
  const { from, to, rows, columns, transposed } = options;
  let bytes: Uint8Array = Uint8Array.from(stored);
  if (from !== to) {
    const widen = from === "bfloat16" ? bfloat16ToFloat32 : float16ToFloat32;
    bytes = new Uint8Array(widen(new Uint16Array(bytes.slice().buffer)).buffer);
  }
  const size = bytes.byteLength / (rows * columns);
  if (!transposed) return bytes;
  const result = new Uint8Array(bytes.byteLength);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * size;
      result.set(bytes.subarray(from, from + size), (column * rows + row) * size);
    }
  }
  return result;
}

describe("weightPieces", () => {
  const cases = [1, 2, 3, 4, 5, 6].flatMap((seed) =>
    (["float32", "bfloat16", "float16"] as const).flatMap((from) =>
      (from === "float32" ? (["float32"] as const) : (["float32", from] as const)).flatMap((to) =>
        [false, true].map((transposed) => ({ seed, from, to, transposed })),
      ),
    ),
  );

  test.each(cases)("$from to $to, transposed $transposed, seed $seed", async (options) => {
    const { seed, from, to, transposed } = options;
    const random = createRandom(seed);
    // Prime sizes and pieces that divide nothing; 1 byte asks for single rows and columns.
    const [rows, columns] = [random.pick([1, 37, 61, 97]), random.pick([1, 41, 53, 89])];
    const byteLength = rows * columns * ELEMENT_BYTES[from];
    // An odd start: a safetensors file aligns to 8 bytes at best.
    const start = random.pick([0, 1, 8, 13]);
    const file = randomBytes(start + byteLength, seed);
    const shape = [rows, columns];
    const weight = {
      name: "w",
      dtype: to,
      shape: transposed ? shape.toReversed() : shape,
      source: { kind: "external", name: "w", dtype: from, shape, file: "f", start, byteLength },
      transposed,
    } as const;
    const sizes = { piece: random.pick([1, 1000, 1e6]), band: random.pick([1, 777, 1e6]) };
    const pieces: Uint8Array[] = [];
    for await (const piece of weightPieces(weight, bytesSource(file), { sizes })) {
      pieces.push(piece.slice());
    }
    const expected = naive(file.subarray(start), { from, to, rows, columns, transposed });
    expect(Buffer.concat(pieces).equals(expected)).toBe(true);
  });
});

function place(name: string, start: number) {
  const shape = [4, 4];
  return { name, dtype: "bfloat16", shape, file: "f", start, byteLength: 32 } as const;
}

/** Two weights that are only used transposed, one that is used both ways, and a node in between. */
function model() {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", ["batch", 4]);
  const add = (opType: string, inputs: readonly { name: string }[], more = {}): { name: string } =>
    graph.addNode({
      opType,
      inputs: inputs as never,
      outputs: [{ dtype: "float32", shape: ["batch", 4] }],
      ...more,
    })[0]!;
  const widen = (value: { name: string }) =>
    add("Cast", [value], { attributes: { to: { kind: "int", value: 1 } } });
  const flip = (value: { name: string }) =>
    add("Transpose", [value], { attributes: { perm: { kind: "ints", value: [1, 0] } } });
  const first = graph.external(place("qkv@8", 8));
  const second = graph.external(place("qkv@40", 40));
  const both = widen(graph.external(place("both@80", 80)));
  const y = add("MatMul", [x, flip(widen(first))]);
  const z = add("MatMul", [y, flip(widen(second))]);
  const w = add("MatMul", [z, flip(both)]);
  graph.output("out", add("MatMul", [w, both]) as never);
  return graph.finish("sample");
}

describe("foldWeights and planDataFile", () => {
  test("moves casts and transposes into the weights, where every reader wants them", () => {
    const { graph, weights } = foldWeights(model(), { dtype: "float32" });
    expect(weights.map(({ name, dtype, transposed }) => [name, dtype, transposed])).toEqual([
      ["qkv.0", "float32", true],
      ["qkv.1", "float32", true],
      ["both", "float32", false],
    ]);
    expect(graph.nodes.map(({ opType }) => opType)).toEqual([
      "MatMul",
      "MatMul",
      "Transpose",
      "MatMul",
      "MatMul",
      "Identity",
    ]);
    expect(graph.nodes[0]?.inputs).toEqual(["x", "qkv.0"]);
  });

  test("leaves the casts of stored weights", () => {
    const { graph, weights } = foldWeights(model(), { dtype: "stored" });
    expect(weights.map(({ dtype, transposed }) => [dtype, transposed])).toEqual([
      ["bfloat16", true],
      ["bfloat16", true],
      ["bfloat16", false],
    ]);
    const kinds = graph.nodes.map(({ opType }) => opType);
    expect(kinds.filter((kind) => kind === "Cast")).toHaveLength(3);
    expect(kinds.filter((kind) => kind === "Transpose")).toHaveLength(1);
    const known = new Set(["x", ...weights.map(({ name }) => name)]);
    for (const { inputs, outputs } of graph.nodes) {
      for (const input of inputs) expect(known).toContain(input);
      for (const name of outputs) known.add(name);
    }
  });

  test("writes what two initializers share once", () => {
    const folded = foldWeights(model(), { dtype: "float32" });
    const [first] = folded.weights;
    const plan = planDataFile(
      { ...folded, weights: [...folded.weights, { ...first!, name: "tied" }] },
      "data",
    );
    expect(plan.weights.map(({ start }) => start)).toEqual([0, 4096, 8192]);
    expect(plan.byteLength).toBe(8192 + 64);
    const places = plan.model.graph.initializers.map((initializer) =>
      initializer.kind === "external" ? [initializer.name, initializer.start] : [],
    );
    expect(places).toEqual([
      ["qkv.0", 0],
      ["qkv.1", 4096],
      ["both", 8192],
      ["tied", 0],
    ]);
  });
});
