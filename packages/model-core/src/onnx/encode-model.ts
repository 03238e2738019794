// Graph → ModelProto bytes. Field numbers are those of onnx.proto (IR version 10, ONNX 1.16). Weights never pass through here: external initializers become a file name, an
// offset and a length, so the result stays at some tens of kilobytes for a model of any size.

import { ModelError } from "../errors.ts";
import type { Dtype } from "../tensor.ts";
import {
  allNodes,
  type Attribute,
  type Graph,
  type GraphModel,
  type GraphNode,
  type Initializer,
  type OperatorDomain,
  type ValueInfo,
} from "./graph.ts";
import { createWireWriter, type WireWriter } from "./wire-writer.ts";

/** ONNX opset that the operator builders write; 20 has `Gelu`, and ONNX Runtime ≥ 1.17 knows it. */
export const ONNX_OPSET = 20;
const IR_VERSION = 10;

const OPERATOR_SET_VERSION: Readonly<Record<OperatorDomain, number>> = {
  "": ONNX_OPSET,
  "com.microsoft": 1,
};

/** TensorProto.DataType. */
const DATA_TYPE: Readonly<Record<Dtype, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

/** The ONNX number of an element type, as `Cast` wants it. */
export function onnxDataType(dtype: Dtype): number {
  return DATA_TYPE[dtype];
}

/** Options of `encodeGraphModel`. */
export interface EncodeGraphModelOptions {
  /** Where the runtime will find a file that the graph points into; default: under the name it has in the graph. */
  readonly locationOf?: (file: string) => string;
  /** Version of the program that writes the model. */
  readonly producerVersion?: string;
  /** What the model is, for people. */
  readonly description?: string;
  /** Facts about the model under names, as ONNX tools show them. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of an ONNX ModelProto.
 *
 * @throws ModelError `invalid-argument` for an inline tensor whose data does not fit its shape.
 */
export function encodeGraphModel(
  model: GraphModel,
  options: EncodeGraphModelOptions = {},
): Uint8Array<ArrayBuffer> {
  const { producerVersion, description, metadata = {} } = options;
  const locationOf = options.locationOf ?? ((file: string) => file);
  const writer = createWireWriter();
  writer.int(1, IR_VERSION);
  writer.string(2, "internvit");
  if (producerVersion !== undefined) writer.string(3, producerVersion);
  if (description !== undefined) writer.string(6, description);
  writer.message(7, (inner) => writeGraph(inner, model.graph, locationOf));
  // Only the sets that are used: a runtime without ONNX Runtime's own operators refuses their name.
  const domains = new Set<OperatorDomain>([
    "",
    ...allNodes(model.graph.nodes).map(({ domain }) => domain),
  ]);
  for (const domain of domains) {
    writer.message(8, (inner) => {
      inner.string(1, domain);
      inner.int(2, OPERATOR_SET_VERSION[domain]);
    });
  }
  for (const entry of Object.entries(metadata)) writePair(writer, 14, entry);
  return writer.finish();
}

/** A StringStringEntryProto. */
function writePair(
  writer: WireWriter,
  number: number,
  [key, value]: readonly [string, string],
): void {
  writer.message(number, (inner) => {
    inner.string(1, key);
    inner.string(2, value);
  });
}

function writeGraph(writer: WireWriter, graph: Graph, locationOf: (file: string) => string): void {
  for (const node of graph.nodes) writer.message(1, (inner) => writeNode(inner, node, locationOf));
  writer.string(2, graph.name);
  for (const initializer of graph.initializers) {
    writer.message(5, (inner) => writeInitializer(inner, initializer, locationOf));
  }
  for (const value of graph.inputs) writer.message(11, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) writer.message(12, (inner) => writeValue(inner, value));
}

function writeNode(
  writer: WireWriter,
  node: GraphNode,
  locationOf: (file: string) => string,
): void {
  for (const input of node.inputs) writer.string(1, input);
  for (const output of node.outputs) writer.string(2, output);
  writer.string(3, node.name);
  writer.string(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(5, (inner) => {
      inner.string(1, name);
      writeAttribute(inner, attribute, locationOf);
    });
  }
  writer.string(7, node.domain);
}

/** Per attribute kind, the AttributeProto.AttributeType that says which field holds the value. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, graph: 5, floats: 6, ints: 7 } as const;

function writeAttribute(
  writer: WireWriter,
  attribute: Attribute,
  locationOf: (file: string) => string,
): void {
  switch (attribute.kind) {
    case "float":
      writer.float(2, attribute.value);
      break;
    case "int":
      writer.int(3, attribute.value);
      break;
    case "string":
      writer.string(4, attribute.value);
      break;
    case "graph":
      writer.message(6, (inner) => writeGraph(inner, attribute.value, locationOf));
      break;
    case "floats":
      for (const value of attribute.value) writer.float(7, value);
      break;
    case "ints":
      for (const value of attribute.value) writer.int(8, value);
      break;
  }
  writer.int(20, ATTRIBUTE_TYPE[attribute.kind]);
}

function writeInitializer(
  writer: WireWriter,
  initializer: Initializer,
  locationOf: (file: string) => string,
): void {
  const { dtype, shape } = initializer.kind === "inline" ? initializer.tensor : initializer;
  for (const size of shape) writer.int(1, size);
  writer.int(2, DATA_TYPE[dtype]);
  writer.string(8, initializer.name);
  if (initializer.kind === "inline") {
    const { data } = initializer.tensor;
    const elements = shape.reduce((product, size) => product * size, 1);
    if (data.length !== elements) {
      throw new ModelError(
        "invalid-argument",
        `initializer ${initializer.name}: shape [${shape.join(", ")}] needs ${elements} elements, got ${data.length}`,
      );
    }
    // Every platform that runs JavaScript today is little-endian, as raw_data has to be.
    writer.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return;
  }
  for (const [key, value] of [
    ["location", locationOf(initializer.file)],
    ["offset", String(initializer.start)],
    ["length", String(initializer.byteLength)],
  ] as const) {
    writePair(writer, 13, [key, value]);
  }
  writer.int(14, 1);
}

function writeValue(writer: WireWriter, value: ValueInfo): void {
  writer.string(1, value.name);
  writer.message(2, (type) => {
    type.message(1, (tensor) => {
      tensor.int(1, DATA_TYPE[value.dtype]);
      tensor.message(2, (shape) => {
        for (const size of value.shape) {
          shape.message(1, (dimension) => {
            if (typeof size === "number") dimension.int(1, size);
            else dimension.string(2, size);
          });
        }
      });
    });
  });
}
