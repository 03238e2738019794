// Looks up expected tensors in a checkpoint, and says what does not fit in words.

import { listNames, quote } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import type { Dtype } from "../tensor.ts";
import type { WeightDtype, WeightSlice } from "./encoder-tensors.ts";
import type { ExpectedTensors } from "./expected-tensors.ts";
import type { AbsentShard, TensorEntry } from "./weight-files.ts";

/** Tensors that a part of a model should have and a checkpoint has not, or not as they should be. */
export interface TensorProblems {
  readonly missing: readonly string[];
  readonly wrongShape: readonly {
    readonly name: string;
    readonly expected: readonly number[];
    readonly found: readonly number[];
  }[];
  /** Tensors whose elements are not float32, float16 or bfloat16; `found` is the file's word. */
  readonly wrongDtype: readonly { readonly name: string; readonly found: string }[];
  /** Tensors that say that the config, or the kind of the part, is another. */
  readonly contradicting: readonly string[];
}

/** The usable ones of the expected tensors, and what is wrong with the others. */
export function matchTensors(
  expected: ExpectedTensors,
  tensors: ReadonlyMap<string, TensorEntry>,
): Omit<TensorProblems, "contradicting"> & { readonly slices: ReadonlyMap<string, WeightSlice> } {
  const slices = new Map<string, WeightSlice>();
  const missing: string[] = [];
  const wrongShape: { name: string; expected: readonly number[]; found: readonly number[] }[] = [];
  const wrongDtype: { name: string; found: string }[] = [];
  for (const [name, shape] of expected) {
    const entry = tensors.get(name);
    if (entry === undefined) {
      missing.push(name);
      continue;
    }
    const { dtype, dtypeCode, file, start, byteLength } = entry;
    const sameShape = sameSizes(shape, entry.shape);
    if (!sameShape) wrongShape.push({ name, expected: shape, found: entry.shape });
    if (!isWeightDtype(dtype)) wrongDtype.push({ name, found: dtypeCode });
    else if (sameShape) slices.set(name, { name, dtype, shape, file, start, byteLength });
  }
  return { slices, missing, wrongShape, wrongDtype };
}

/** How many of these names a checkpoint has, in its files or in shards that are not there. */
export function countNames(
  names: Iterable<string>,
  checkpoint: {
    readonly tensors: ReadonlyMap<string, unknown>;
    readonly absent: ReadonlyMap<string, string>;
  },
): number {
  let count = 0;
  for (const name of names) {
    if (checkpoint.tensors.has(name) || checkpoint.absent.has(name)) count++;
  }
  return count;
}

/** The absent shard of each tensor that is in one. */
export function shardsByTensor(absentShards: readonly AbsentShard[]): ReadonlyMap<string, string> {
  const shards = new Map<string, string>();
  for (const { name, tensors } of absentShards) {
    for (const tensor of tensors) shards.set(tensor, name);
  }
  return shards;
}

/** What `weightsError` says where. */
export interface WeightsErrorOptions {
  readonly label: string;
  /** Whose weights they are, such as `encoder`. */
  readonly part: string;
  readonly absentShards: readonly AbsentShard[];
}

/**
 * The error for weights with problems: `not-found` when all that is wrong is that shards are not there, `unsupported`
 * when it is element types only, else `mismatch`.
 */
export function weightsError(problems: TensorProblems, options: WeightsErrorOptions): ModelError {
  const { missing, wrongShape, wrongDtype, contradicting } = problems;
  const { label: subject, part, absentShards } = options;
  const shardOf = shardsByTensor(absentShards);
  const texts: string[] = [];
  if (missing.length > 0) {
    const lost = [...new Set(missing.map((name) => shardOf.get(name)))];
    const named = lost.filter((shard) => shard !== undefined);
    if (named.length === lost.length && wrongShape.length + contradicting.length === 0) {
      const shards = `${named.length === 1 ? "the shard" : "the shards"} ${listNames(named.map(quote))}`;
      return new ModelError(
        "not-found",
        `${subject}: ${shards} ${named.length === 1 ? "is" : "are"} missing, with ${missing.length} tensors of the ${part}: ${listNames(missing)}`,
        { subject },
      );
    }
    const names = missing.map((name) => {
      const shard = shardOf.get(name);
      return shard === undefined ? name : `${name} (in the missing shard ${quote(shard)})`;
    });
    texts.push(`missing tensors (${missing.length}): ${listNames(names)}`);
  }
  if (wrongShape.length > 0) {
    const shapes = wrongShape.map(
      ({ name, expected, found }) =>
        `${name} (expected [${expected.join(", ")}], found [${found.join(", ")}])`,
    );
    texts.push(`tensors of another shape (${wrongShape.length}): ${listNames(shapes)}`);
  }
  if (contradicting.length > 0) {
    texts.push(
      `tensors that the config says do not exist (${contradicting.length}): ${listNames(contradicting)}`,
    );
  }
  if (texts.length > 0) {
    const whose = part === "encoder" ? "the weights" : `the weights of the ${part}`;
    return new ModelError(
      "mismatch",
      `${subject}: ${whose} do not fit the config: ${texts.join("; ")}`,
      { subject },
    );
  }
  const types = wrongDtype.map(({ name, found }) => `${name} (${found})`);
  return new ModelError(
    "unsupported",
    `${subject}: expected float32, float16 or bfloat16 weights, found others (${types.length}): ${listNames(types)}`,
    { subject },
  );
}

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function isWeightDtype(dtype: Dtype | undefined): dtype is WeightDtype {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
}
