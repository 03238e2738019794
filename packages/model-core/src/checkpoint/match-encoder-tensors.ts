// Finds the encoder's tensors in a checkpoint and says what does not fit.

import type { ConfigLayout } from "../config/encoder-config.ts";
import { listNames } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import type { Dtype } from "../tensor.ts";
import {
  arrangeEncoderWeights,
  type EncoderWeights,
  type WeightDtype,
  type WeightSlice,
} from "./encoder-tensors.ts";
import { expectedTensors } from "./expected-tensors.ts";
import { otherPartOf, tensorNamings, type NamingScheme, type TensorNaming } from "./naming.ts";
import type { Checkpoint } from "./read-checkpoint.ts";

/** What was found of an encoder in a checkpoint. All names are the checkpoint's own. */
export interface TensorMatch {
  readonly scheme: NamingScheme;
  /** What stands before every name of the encoder, such as `vision_model.`. */
  readonly prefix: string;
  /** The weights, when nothing is missing, wrong or contradictory. */
  readonly weights: EncoderWeights | undefined;
  readonly missing: readonly string[];
  readonly wrongShape: readonly {
    readonly name: string;
    readonly expected: readonly number[];
    readonly found: readonly number[];
  }[];
  /** Tensors whose elements are not float32, float16 or bfloat16; `found` is the file's word. */
  readonly wrongDtype: readonly { readonly name: string; readonly found: string }[];
  /** Tensors that have no place in an encoder of this config. */
  readonly unexpected: readonly string[];
  /**
   * Those of `unexpected` that an encoder with another norm type, QKV bias or QK normalisation would have: the
   * config does not belong to these weights.
   */
  readonly contradicting: readonly string[];
  /** Other parts of the model, by the beginning of their names. */
  readonly ignored: readonly { readonly prefix: string; readonly count: number }[];
}

/** The part of a checkpoint that its tensors are matched from. */
export type CheckpointTensors = Pick<Checkpoint, "label" | "layout" | "config" | "tensors">;

/** Finds the encoder's tensors under the naming that fits best; never throws. */
export function matchEncoderTensors(checkpoint: CheckpointTensors): TensorMatch {
  const { config, tensors } = checkpoint;
  const naming = detectNaming(checkpoint);
  const expected = expectedTensors(config, naming);
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

  const widest = expectedTensors(
    { ...config, normType: "layer_norm", qkvBias: true, qkNormalization: true },
    naming,
  );
  const unexpected: string[] = [];
  const ignored = new Map<string, number>();
  for (const name of tensors.keys()) {
    if (expected.has(name)) continue;
    const part = otherPartOf(name, naming);
    if (part === undefined) unexpected.push(name);
    else ignored.set(part, (ignored.get(part) ?? 0) + 1);
  }
  const contradicting = unexpected.filter((name) => widest.has(name));
  const complete = slices.size === expected.size && contradicting.length === 0;
  return {
    scheme: naming.scheme,
    prefix: naming.prefix,
    weights: complete ? arrangeEncoderWeights(slices, { config, naming }) : undefined,
    missing,
    wrongShape,
    wrongDtype,
    unexpected,
    contradicting,
    ignored: Array.from(ignored, ([prefix, count]) => ({ prefix, count })),
  };
}

/**
 * The encoder's weights in a checkpoint.
 *
 * @throws ModelError `mismatch` when tensors are missing or have another shape than the config says, or when the
 *   checkpoint holds biases or norms that the config denies; `unsupported` when some are not floating-point.
 */
export function resolveEncoderWeights(checkpoint: CheckpointTensors): EncoderWeights {
  const match = matchEncoderTensors(checkpoint);
  if (match.weights !== undefined) return match.weights;
  const subject = checkpoint.label;
  const problems: string[] = [];
  const { missing, wrongShape, wrongDtype, contradicting } = match;
  if (missing.length > 0)
    problems.push(`missing tensors (${missing.length}): ${listNames(missing)}`);
  if (wrongShape.length > 0) {
    const shapes = wrongShape.map(
      ({ name, expected, found }) =>
        `${name} (expected [${expected.join(", ")}], found [${found.join(", ")}])`,
    );
    problems.push(`tensors of another shape (${wrongShape.length}): ${listNames(shapes)}`);
  }
  if (contradicting.length > 0) {
    problems.push(
      `tensors that the config says do not exist (${contradicting.length}): ${listNames(contradicting)}`,
    );
  }
  if (problems.length > 0) {
    throw new ModelError(
      "mismatch",
      `${subject}: the weights do not fit the config: ${problems.join("; ")}`,
      { subject },
    );
  }
  const types = wrongDtype.map(({ name, found }) => `${name} (${found})`);
  throw new ModelError(
    "unsupported",
    `${subject}: expected float32, float16 or bfloat16 weights, found others (${types.length}): ${listNames(types)}`,
    { subject },
  );
}

/** The naming under which most expected tensors are there; when none is, the usual one of the config's layout. */
function detectNaming({ layout, config, tensors }: CheckpointTensors): TensorNaming {
  let best: TensorNaming = { scheme: layout, prefix: USUAL_PREFIX[layout] };
  let most = 0;
  for (const naming of tensorNamings()) {
    let found = 0;
    for (const name of expectedTensors(config, naming).keys()) if (tensors.has(name)) found++;
    if (found > most) {
      most = found;
      best = naming;
    }
  }
  return best;
}

const USUAL_PREFIX: Readonly<Record<ConfigLayout, string>> = {
  standalone: "",
  chat: "vision_model.",
  transformers: "vision_tower.",
};

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function isWeightDtype(dtype: Dtype | undefined): dtype is WeightDtype {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
}
