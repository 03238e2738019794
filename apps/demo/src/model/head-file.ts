// A head as a safetensors file, under the tensor names of the published linear probe, so that it can be used elsewhere:
// batch norm with running statistics, then a linear layer. Names of the classes and what the head was trained on are in
// the metadata.

import {
  bytesSource,
  encodeSafetensors,
  readSafetensorsHeader,
  readTensor,
  type SafetensorsHeader,
  type Tensor,
} from "@internvit/model-core";

import type { LinearHead } from "./linear-head.ts";

/** A head and where it is from. */
export interface StoredHead {
  readonly head: LinearHead;
  /** The encoder's name, for people. */
  readonly model: string;
}

const FORMAT = "internvit-linear-head";
const VERSION = "1";
const FEATURES = "class token, mean of patches";

/** Such files are small; what is larger is something else. */
const MAX_BYTES = 100_000_000;

/** The file. */
export function encodeHead({ head, model }: StoredHead): Blob {
  const { classes, mean, variance, weight, bias } = head;
  const width = mean.length;
  const tensors = new Map<string, Tensor>([
    ["norm.weight", floats(new Float32Array(width).fill(1), width)],
    ["norm.bias", floats(new Float32Array(width), width)],
    ["norm.running_mean", floats(mean, width)],
    ["norm.running_var", floats(variance, width)],
    // PyTorch's batch norm wants it.
    ["norm.num_batches_tracked", { dtype: "int64", shape: [], data: BigInt64Array.of(1n) }],
    ["head.weight", floats(weight, classes.length, width)],
    ["head.bias", floats(bias, classes.length)],
  ]);
  const metadata = {
    format: FORMAT,
    version: VERSION,
    classes: JSON.stringify(classes),
    features: FEATURES,
    model,
  };
  return new Blob([...encodeSafetensors(tensors, { metadata })] as BlobPart[]);
}

function floats(data: Float32Array, ...shape: number[]): Tensor {
  return { dtype: "float32", shape, data };
}

/**
 * The head in a file.
 *
 * @throws Error that says in plain words what is wrong with the file
 */
export async function decodeHead(
  file: Blob,
  { name }: { readonly name: string },
): Promise<StoredHead> {
  const wrong = (what: string, cause?: unknown): Error =>
    new Error(`${name} is no head of this page: ${what}.`, { cause });
  if (file.size > MAX_BYTES) throw wrong("it is too large for one");
  const source = bytesSource(new Uint8Array(await file.arrayBuffer()));
  let header: SafetensorsHeader;
  try {
    header = await readSafetensorsHeader(source, { subject: name });
  } catch (cause) {
    throw wrong("it is no safetensors file, or a damaged one", cause);
  }
  const { metadata } = header;
  if (metadata.get("format") !== FORMAT || metadata.get("version") !== VERSION) {
    throw wrong("its metadata do not say that it is one");
  }
  const classes = parseClasses(metadata.get("classes"));
  if (classes === undefined) throw wrong("its metadata do not name two classes or more");
  const read = async (tensor: string, length: number | undefined): Promise<Float32Array> => {
    const entry = header.tensors.get(tensor);
    const values = entry?.dtype === "float32" ? await readTensor(source, entry) : undefined;
    if (values === undefined) throw wrong(`it has no tensor ${tensor} of float32 numbers`);
    const { data } = values as Tensor<"float32">;
    if (length !== undefined && data.length !== length) {
      throw wrong(`${tensor} has ${data.length} numbers, not ${length}`);
    }
    if (!data.every(Number.isFinite)) throw wrong(`${tensor} has values that are no numbers`);
    return data;
  };
  const mean = await read("norm.running_mean", undefined);
  const width = mean.length;
  const variance = await read("norm.running_var", width);
  if (variance.some((value) => value < 0)) throw wrong("it has negative variances");
  const [scale, shift] = [await read("norm.weight", width), await read("norm.bias", width)];
  if (scale.some((value) => value !== 1) || shift.some((value) => value !== 0)) {
    throw wrong("its norm has weights of its own, which this page does not make");
  }
  const head: LinearHead = {
    classes,
    mean,
    variance,
    weight: await read("head.weight", classes.length * width),
    bias: await read("head.bias", classes.length),
  };
  return { head, model: metadata.get("model") ?? "an unknown model" };
}

/** Names from the metadata; undefined for anything but two names or more. */
function parseClasses(text: string | undefined): readonly string[] | undefined {
  try {
    const names: unknown = JSON.parse(text ?? "");
    const isRight = Array.isArray(names) && names.length >= 2;
    return isRight && names.every((name) => typeof name === "string") ? names : undefined;
  } catch {
    return undefined;
  }
}
