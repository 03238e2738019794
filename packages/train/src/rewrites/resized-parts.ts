// A convolution of maps that were put together along their channels, some of them resized before, in a finished graph.

import type { GraphNode, Value } from "@internvit/model-core";

import { type Matrix, transposeMatrix } from "../floats.ts";
import { intAttribute, intsAttribute } from "../rule.ts";
import { sizeOf } from "../sizes.ts";
import type { GraphReader } from "./graph-reader.ts";

/** A map [n, channels, h, w] among those that are convolved together. */
export interface Part {
  readonly value: Value;
  /** Where `value` is vertical · source · horizontalᵀ for each plane, and nothing else needs it. */
  readonly resized:
    | { readonly source: Value; readonly vertical: Matrix; readonly horizontal: Matrix }
    | undefined;
}

/** Such a convolution, with steps of 1. */
export interface JoinedConvolution {
  readonly node: GraphNode;
  readonly parts: readonly Part[];
  /** [outputs, channels of all parts, kh, kw]. */
  readonly weight: Value;
  readonly bias: Value | undefined;
  /** Zeros at the top, left, bottom and right. */
  readonly pads: readonly [number, number, number, number];
}

/** The convolution that a node computes; undefined if it is none of this kind. */
export function joinedConvolution(
  reader: GraphReader,
  node: GraphNode,
): JoinedConvolution | undefined {
  const plain =
    node.opType === "Conv" &&
    node.attributes["auto_pad"] === undefined &&
    intAttribute(node, "group", 1) === 1 &&
    [...intsAttribute(node, "strides", []), ...intsAttribute(node, "dilations", [])].every(
      (step) => step === 1,
    );
  if (!plain) return undefined;
  const [image, weight] = [reader.input(node, 0)!, reader.input(node, 1)!];
  const [top = 0, left = 0, bottom = 0, right = 0] = intsAttribute(node, "pads", []);
  const shapes = [image, weight].map(({ shape }) => shape);
  const known = shapes.every(
    (shape) => shape.length === 4 && shape.every((size) => typeof size === "number"),
  );
  if (!known || image.dtype !== "float32") return undefined;
  const join = reader.soleProducer(image);
  const values =
    join?.opType === "Concat" && [1, -3].includes(intAttribute(join, "axis", 0))
      ? join.inputs.map((_, at) => reader.input(join, at)!)
      : [image];
  return {
    node,
    parts: values.map((value) => ({ value, resized: resizedMap(reader, value) })),
    weight,
    bias: reader.input(node, 2),
    pads: [top, left, bottom, right],
  };
}

/** The products with one matrix for each of the last two axes, in either order, that `resizeBilinear` writes. */
function resizedMap(reader: GraphReader, value: Value): Part["resized"] {
  const last = matrixProduct(reader, value);
  if (last === undefined) return undefined;
  const before = matrixProduct(reader, last.source);
  const first = before?.axis === last.axis ? undefined : before;
  const { source } = first ?? last;
  const along = (axis: -1 | -2): Matrix =>
    [last, first].find((each) => each?.axis === axis)?.matrix ?? identity(sizeOf(source, axis));
  return { source, vertical: along(-2), horizontal: along(-1) };
}

/** A product of maps with a constant matrix along one of their last two axes. */
function matrixProduct(
  reader: GraphReader,
  value: Value,
): { readonly source: Value; readonly axis: -1 | -2; readonly matrix: Matrix } | undefined {
  const node = reader.soleProducer(value);
  if (node?.opType !== "MatMul") return undefined;
  const [left, right] = [reader.input(node, 0)!, reader.input(node, 1)!];
  const [before, after] = [reader.matrix(left), reader.matrix(right)];
  if (before && right.shape.length === 4) return { source: right, axis: -2, matrix: before };
  if (after && left.shape.length === 4) {
    return { source: left, axis: -1, matrix: transposeMatrix(after) };
  }
  return undefined;
}

function identity(size: number): Matrix {
  const data = new Float32Array(size * size);
  for (let at = 0; at < size; at++) data[at * size + at] = 1;
  return { rows: size, columns: size, data };
}
