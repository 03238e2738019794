// Finds the encoder's tensors in a checkpoint and says what does not fit.

import type { ConfigLayout } from "../config/encoder-config.ts";
import { arrangeEncoderWeights, type EncoderWeights } from "./encoder-tensors.ts";
import { expectedTensors } from "./expected-tensors.ts";
import {
  countNames,
  matchTensors,
  shardsByTensor,
  type TensorProblems,
  weightsError,
} from "./match-tensors.ts";
import { otherPartOf, tensorNamings, type NamingScheme, type TensorNaming } from "./naming.ts";
import type { Checkpoint } from "./read-checkpoint.ts";

/** What was found of an encoder in a checkpoint. All names are the checkpoint's own. */
export interface TensorMatch extends TensorProblems {
  readonly scheme: NamingScheme;
  /** What stands before every name of the encoder, such as `vision_model.`. */
  readonly prefix: string;
  /** The weights, when nothing is missing, wrong or contradictory. */
  readonly weights: EncoderWeights | undefined;
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
export type CheckpointTensors = Pick<Checkpoint, "label" | "layout" | "config" | "tensors"> &
  Partial<Pick<Checkpoint, "absentShards">>;

/** Finds the encoder's tensors under the naming that fits best; never throws. */
export function matchEncoderTensors(checkpoint: CheckpointTensors): TensorMatch {
  const { config, tensors } = checkpoint;
  const naming = detectNaming(checkpoint);
  const expected = expectedTensors(config, naming);
  const { slices, missing, wrongShape, wrongDtype } = matchTensors(expected, tensors);

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
 * @throws ModelError `not-found` when they are in a shard that is not there; `mismatch` when tensors are missing or
 *   have another shape than the config says, or when the checkpoint holds biases or norms that the config denies;
 *   `unsupported` when some are not floating-point.
 */
export function resolveEncoderWeights(checkpoint: CheckpointTensors): EncoderWeights {
  const match = matchEncoderTensors(checkpoint);
  if (match.weights !== undefined) return match.weights;
  const { label, absentShards = [] } = checkpoint;
  throw weightsError(match, { label, part: "encoder", absentShards });
}

/** The naming under which most expected tensors are there; when none is, the usual one of the config's layout. */
function detectNaming(checkpoint: CheckpointTensors): TensorNaming {
  const { layout, config, tensors, absentShards = [] } = checkpoint;
  const absent = shardsByTensor(absentShards);
  let best: TensorNaming = { scheme: layout, prefix: USUAL_PREFIX[layout] };
  let most = 0;
  for (const naming of tensorNamings()) {
    const found = countNames(expectedTensors(config, naming).keys(), { tensors, absent });
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
