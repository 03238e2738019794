// Graph → ModelProto bytes. Field numbers are those of onnx.proto (IR version 10, ONNX 1.16); the wire format itself
// is written by @bufbuild/protobuf. Weights never pass through here: external initializers become a file name, an
// offset and a length, so the result stays at some tens of kilobytes for a model of any size.

import { BinaryWriter } from "@bufbuild/protobuf/wire";

import { ModelError } from "../errors.ts";
import type { Dtype } from "../tensor.ts";
import type {
  Attribute,
  Graph,
  GraphModel,
  GraphNode,
  Initializer,
  OperatorDomain,
  ValueInfo,
} from "./graph.ts";

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
  const writer = new BinaryWriter();
  writer.uint32(field(1, VARINT)).int64(IR_VERSION);
  writer.uint32(field(2, LENGTH)).string("internvit");
  if (producerVersion !== undefined) writer.uint32(field(3, LENGTH)).string(producerVersion);
  if (description !== undefined) writer.uint32(field(6, LENGTH)).string(description);
  message(writer, 7, (inner) => writeGraph(inner, model.graph, locationOf));
  // Only the sets that are used: a runtime without ONNX Runtime's own operators refuses their name.
  const domains = new Set<OperatorDomain>(["", ...model.graph.nodes.map(({ domain }) => domain)]);
  for (const domain of domains) {
    message(writer, 8, (inner) => {
      inner.uint32(field(1, LENGTH)).string(domain);
      inner.uint32(field(2, VARINT)).int64(OPERATOR_SET_VERSION[domain]);
    });
  }
  for (const entry of Object.entries(metadata)) writePair(writer, 14, entry);
  return writer.finish();
}

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

function field(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

function message(writer: BinaryWriter, number: number, write: (inner: BinaryWriter) => void): void {
  writer.uint32(field(number, LENGTH)).fork();
  write(writer);
  writer.join();
}

/** A StringStringEntryProto. */
function writePair(
  writer: BinaryWriter,
  number: number,
  [key, value]: readonly [string, string],
): void {
  message(writer, number, (inner) => {
    inner.uint32(field(1, LENGTH)).string(key);
    inner.uint32(field(2, LENGTH)).string(value);
  });
}

function writeGraph(
  writer: BinaryWriter,
  graph: Graph,
  locationOf: (file: string) => string,
): void {
  for (const node of graph.nodes) message(writer, 1, (inner) => writeNode(inner, node));
  writer.uint32(field(2, LENGTH)).string(graph.name);
  for (const initializer of graph.initializers) {
    message(writer, 5, (inner) => writeInitializer(inner, initializer, locationOf));
  }
  for (const value of graph.inputs) message(writer, 11, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) message(writer, 12, (inner) => writeValue(inner, value));
}

function writeNode(writer: BinaryWriter, node: GraphNode): void {
  for (const input of node.inputs) writer.uint32(field(1, LENGTH)).string(input);
  for (const output of node.outputs) writer.uint32(field(2, LENGTH)).string(output);
  writer.uint32(field(3, LENGTH)).string(node.name);
  writer.uint32(field(4, LENGTH)).string(node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message(writer, 5, (inner) => writeAttribute(inner, name, attribute));
  }
  writer.uint32(field(7, LENGTH)).string(node.domain);
}

/** Per attribute kind, the AttributeProto.AttributeType that says which field holds the value. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

function writeAttribute(writer: BinaryWriter, name: string, attribute: Attribute): void {
  writer.uint32(field(1, LENGTH)).string(name);
  switch (attribute.kind) {
    case "float":
      writer.uint32(field(2, FIXED32)).float(attribute.value);
      break;
    case "int":
      writer.uint32(field(3, VARINT)).int64(attribute.value);
      break;
    case "string":
      writer.uint32(field(4, LENGTH)).string(attribute.value);
      break;
    case "floats":
      for (const value of attribute.value) writer.uint32(field(7, FIXED32)).float(value);
      break;
    case "ints":
      for (const value of attribute.value) writer.uint32(field(8, VARINT)).int64(value);
      break;
  }
  writer.uint32(field(20, VARINT)).int32(ATTRIBUTE_TYPE[attribute.kind]);
}

function writeInitializer(
  writer: BinaryWriter,
  initializer: Initializer,
  locationOf: (file: string) => string,
): void {
  const { dtype, shape } = initializer.kind === "inline" ? initializer.tensor : initializer;
  for (const size of shape) writer.uint32(field(1, VARINT)).int64(size);
  writer.uint32(field(2, VARINT)).int32(DATA_TYPE[dtype]);
  writer.uint32(field(8, LENGTH)).string(initializer.name);
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
    writer
      .uint32(field(9, LENGTH))
      .bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return;
  }
  for (const [key, value] of [
    ["location", locationOf(initializer.file)],
    ["offset", String(initializer.start)],
    ["length", String(initializer.byteLength)],
  ] as const) {
    writePair(writer, 13, [key, value]);
  }
  writer.uint32(field(14, VARINT)).int32(1);
}

function writeValue(writer: BinaryWriter, value: ValueInfo): void {
  writer.uint32(field(1, LENGTH)).string(value.name);
  message(writer, 2, (type) => {
    message(type, 1, (tensor) => {
      tensor.uint32(field(1, VARINT)).int32(DATA_TYPE[value.dtype]);
      message(tensor, 2, (shape) => {
        for (const size of value.shape) {
          message(shape, 1, (dimension) => {
            if (typeof size === "number") dimension.uint32(field(1, VARINT)).int64(size);
            else dimension.uint32(field(2, LENGTH)).string(size);
          });
        }
      });
    });
  });
}
