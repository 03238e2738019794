// Finds the projector's tensors in a checkpoint, or in files that hold nothing else, and says what does not fit.

import { type ChatConfig, DEFAULT_VISUAL_SETTINGS } from "../config/chat-config.ts";
import type { ConfigLayout, EncoderConfig } from "../config/encoder-config.ts";
import { ModelError } from "../errors.ts";
import { unshuffledGrid } from "../pixel-unshuffle.ts";
import {
  countNames,
  matchTensors,
  shardsByTensor,
  type TensorProblems,
  weightsError,
} from "./match-tensors.ts";
import {
  arrangeProjectorWeights,
  expectedProjectorTensors,
  PROJECTOR_NAMINGS,
  type ProjectorNaming,
  type ProjectorWeights,
} from "./projector-tensors.ts";
import type { AbsentShard, TensorEntry } from "./weight-files.ts";

/** Where a projector is looked for; a `Checkpoint` is one, and a projector file with the encoder's config. */
export interface ProjectorTensors {
  readonly label: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly absentShards?: readonly AbsentShard[];
  /** The encoder that the projector is for. */
  readonly config: EncoderConfig;
  /** Downsample ratio and width T; without it, 0.5 and what the tensors say. */
  readonly chat?: Pick<ChatConfig, "downsampleRatio" | "projectorWidth"> | undefined;
  /** Set for a checkpoint, whose config says whether there should be a projector. */
  readonly layout?: ConfigLayout;
}

/** What was found of a projector. All names are the checkpoint's own. */
export interface ProjectorMatch extends TensorProblems {
  /** Whether there is a projector at all, be it wrong, in part, or in a shard that is not there. */
  readonly present: boolean;
  /** What stands before every name of the projector, such as `mlp1.`. */
  readonly prefix: string;
  /** The weights, when nothing is missing, wrong or contradictory. */
  readonly weights: ProjectorWeights | undefined;
}

/**
 * Finds the projector's tensors: `mlp1.*` of chat models, `multi_modal_projector.*` of transformers (with and without
 * `model.`), and the same names without their prefix.
 *
 * @throws ModelError `invalid-argument` for a downsample ratio that is not 1/r with a whole r.
 */
export function matchProjectorTensors(source: ProjectorTensors): ProjectorMatch {
  const { tensors, config, chat } = source;
  const { naming, present } = detectNaming(source);
  const ratio = chat?.downsampleRatio ?? DEFAULT_VISUAL_SETTINGS.downsampleRatio;
  const { factor } = unshuffledGrid({ rows: 0, columns: 0 }, ratio);
  const size = {
    inputWidth: config.hiddenSize * factor ** 2,
    width: chat?.projectorWidth ?? storedWidth(tensors, naming),
  };
  const expected = expectedProjectorTensors(size, naming);
  const { slices, ...problems } = matchTensors(expected, tensors);
  // A projector with more layers would be a different function; without a prefix nobody knows what is whose.
  const contradicting =
    naming.prefix === "" ? [] : surplus(tensors, { expected, prefix: naming.prefix });
  const complete = slices.size === expected.size && contradicting.length === 0;
  return {
    ...problems,
    present,
    prefix: naming.prefix,
    weights: complete ? arrangeProjectorWeights(slices, naming) : undefined,
    contradicting,
  };
}

/**
 * The projector's weights.
 *
 * @throws ModelError `not-found` when there is no projector or it is in a shard that is not there; `mismatch` when
 *   tensors are missing or have another shape than the config says; `unsupported` when some are not floating-point.
 */
export function resolveProjectorWeights(source: ProjectorTensors): ProjectorWeights {
  const match = matchProjectorTensors(source);
  if (match.weights !== undefined) return match.weights;
  const { label, layout, chat, absentShards = [] } = source;
  if (match.present) throw weightsError(match, { label, part: "projector", absentShards });
  const alone = layout !== undefined && chat === undefined;
  const what = alone ? "is a stand-alone encoder" : "has no projector";
  throw new ModelError(
    "not-found",
    `${label} ${what}: visual tokens need mlp1.*, multi_modal_projector.* or 0.*, 1.* and 3.* tensors, found none; give the projector of a chat model, or one that was saved alone`,
    { subject: label },
  );
}

function detectNaming(source: ProjectorTensors): {
  readonly naming: ProjectorNaming;
  readonly present: boolean;
} {
  const { tensors, absentShards = [] } = source;
  const absent = shardsByTensor(absentShards);
  let best: ProjectorNaming = PROJECTOR_NAMINGS[0];
  let most = 0;
  for (const naming of PROJECTOR_NAMINGS) {
    const names = expectedProjectorTensors({ inputWidth: 1, width: 1 }, naming).keys();
    const found = countNames(names, { tensors, absent });
    if (found > most) {
      most = found;
      best = naming;
    }
  }
  return { naming: best, present: most > 0 };
}

/** T as the first tensor that is there says it; at least 1. */
function storedWidth(
  tensors: ReadonlyMap<string, TensorEntry>,
  { linear1, linear2 }: ProjectorNaming,
): number {
  const names = [linear1, linear2].flatMap((name) => [`${name}.weight`, `${name}.bias`]);
  const widths = names.map((name) => tensors.get(name)?.shape[0]);
  return Math.max(1, widths.find((width) => width !== undefined) ?? 1);
}

function surplus(
  tensors: ReadonlyMap<string, TensorEntry>,
  {
    expected,
    prefix,
  }: { readonly expected: ReadonlyMap<string, unknown>; readonly prefix: string },
): readonly string[] {
  return [...tensors.keys()].filter((name) => name.startsWith(prefix) && !expected.has(name));
}
