import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";

import { createGraphBuilder } from "../../src/onnx/builder.ts";
import { encodeGraphModel } from "../../src/onnx/encode-model.ts";
import { add, cast } from "../../src/onnx/ops/elementwise.ts";
import { fusedMatMul } from "../../src/onnx/ops/linear-algebra.ts";
import { reduceMean } from "../../src/onnx/ops/reduction.ts";

/** All fields of one message: number → raw values in order (varint as number, bytes as they are). */
function fields(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const reader = new BinaryReader(bytes);
  const found = new Map<number, (number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const value =
      type === 0 ? Number(reader.int64()) : type === 5 ? reader.float() : reader.bytes();
    found.set(number, [...(found.get(number) ?? []), value]);
  }
  return found;
}

const text = (value: unknown): string => new TextDecoder().decode(value as Uint8Array);
const inner = (message: Map<number, (number | Uint8Array)[]>, number: number) =>
  (message.get(number) ?? []).map((bytes) => fields(bytes as Uint8Array));

function sampleModel() {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", ["batch", 2]);
  const weight = graph.external({
    name: "w",
    dtype: "bfloat16",
    shape: [2],
    file: "model.safetensors",
    start: 5_000_000_000,
    byteLength: 4,
  });
  graph.external({
    name: "unused",
    dtype: "float32",
    shape: [1],
    file: "other.safetensors",
    start: 0,
    byteLength: 4,
  });
  const y = graph.scope("layer", () => add(graph, x, cast(graph, weight, "float32")));
  graph.output("y", reduceMean(graph, y, { axis: 1, keepAxis: false }));
  return graph.finish("sample");
}

describe("encodeGraphModel", () => {
  const model = sampleModel();
  const message = fields(encodeGraphModel(model, { locationOf: (file) => `blobs/${file}` }));
  const [graph] = inner(message, 7);

  test("writes IR version and the operator sets that are used", () => {
    const operatorSets = (of: typeof message) =>
      inner(of, 8).map((set) => [text(set.get(1)?.[0]), set.get(2)?.[0]]);
    expect(message.get(1)).toEqual([10]);
    expect(operatorSets(message)).toEqual([["", 20]]);
    const builder = createGraphBuilder();
    const x = builder.input("x", "float32", [2, 2]);
    builder.output("y", fusedMatMul(builder, x, x));
    expect(operatorSets(fields(encodeGraphModel(builder.finish("fused"))))).toEqual([
      ["", 20],
      ["com.microsoft", 1],
    ]);
  });

  test("writes version, description and metadata where they are given", () => {
    const described = fields(
      encodeGraphModel(model, {
        producerVersion: "1.2.3",
        description: "a sample",
        metadata: { one: "1", two: "zwei" },
      }),
    );
    expect(described.get(3)?.map(text)).toEqual(["1.2.3"]);
    expect(described.get(6)?.map(text)).toEqual(["a sample"]);
    expect(inner(described, 14).map((entry) => [1, 2].map((n) => text(entry.get(n)?.[0])))).toEqual(
      [
        ["one", "1"],
        ["two", "zwei"],
      ],
    );
    for (const number of [3, 6, 14]) expect(message.has(number)).toBe(false);
  });

  test("writes nodes with scoped names, in order", () => {
    expect(inner(graph!, 1).map((node) => text(node.get(3)?.[0]))).toEqual([
      "layer/Cast",
      "layer/Add",
      "ReduceMean",
      "y/Identity",
    ]);
    const cast = inner(inner(graph!, 1)[0]!, 5)[0]!;
    expect([text(cast.get(1)?.[0]), cast.get(3), cast.get(20)]).toEqual(["to", [1], [2]]);
  });

  test("writes the graph inside a node, with the operator sets that it needs", () => {
    const body = createGraphBuilder();
    const x = body.input("x", "float32", [2, 2]);
    body.output("y", fusedMatMul(body, x, x));
    const attributes = { body: { kind: "graph", value: body.finish("body").graph } } as const;
    const outer = createGraphBuilder();
    const input = outer.input("input", "float32", [2, 2]);
    const [y] = outer.addNode({
      opType: "Loop",
      inputs: [undefined, undefined, input],
      attributes,
      outputs: [{ dtype: "float32", shape: [2, 2] }],
    });
    outer.output("z", y!);
    const written = fields(encodeGraphModel(outer.finish("outer")));
    expect(inner(written, 8).map((set) => text(set.get(1)?.[0]))).toEqual(["", "com.microsoft"]);
    const [attribute] = inner(inner(inner(written, 7)[0]!, 1)[0]!, 5);
    expect([text(attribute!.get(1)?.[0]), attribute!.get(20)]).toEqual(["body", [5]]);
    const [graphInside] = inner(attribute!, 6);
    expect(text(graphInside!.get(2)?.[0])).toBe("body");
    expect(inner(graphInside!, 1).map((node) => text(node.get(4)?.[0]))).toEqual([
      "FusedMatMul",
      "Identity",
    ]);
  });

  test("points at external weights by place, beyond 4 GiB too, and drops unused ones", () => {
    const external = inner(graph!, 5).filter((tensor) => tensor.has(13));
    expect(external).toHaveLength(1);
    expect(text(external[0]!.get(8)?.[0])).toBe("w");
    expect(external[0]!.get(14)).toEqual([1]);
    expect(
      inner(external[0]!, 13).map((entry) => [text(entry.get(1)?.[0]), text(entry.get(2)?.[0])]),
    ).toEqual([
      ["location", "blobs/model.safetensors"],
      ["offset", "5000000000"],
      ["length", "4"],
    ]);
    expect(model.files).toEqual(["model.safetensors"]);
  });

  test("writes input and output shapes, symbolic axes by name", () => {
    const shape = (value: Map<number, (number | Uint8Array)[]>) =>
      inner(inner(inner(inner(value, 2)[0]!, 1)[0]!, 2)[0]!, 1).map((dimension) =>
        dimension.has(1) ? dimension.get(1)![0] : text(dimension.get(2)?.[0]),
      );
    expect(shape(inner(graph!, 11)[0]!)).toEqual(["batch", 2]);
    expect(shape(inner(graph!, 12)[0]!)).toEqual(["batch"]);
  });

  test("refuses a weight whose bytes do not fit its shape", () => {
    const builder = createGraphBuilder();
    const bad = { name: "w", dtype: "float32", shape: [2], file: "f", start: 0, byteLength: 4 };
    expect(() => builder.external({ ...bad, dtype: "float32" })).toThrow(/needs 8 bytes, got 4/);
  });
});
