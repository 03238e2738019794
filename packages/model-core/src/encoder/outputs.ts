// Names of what the encoder can return, as the Python model calls them.

import type { EncoderConfig } from "../config/encoder-config.ts";
import { ModelError } from "../errors.ts";

/**
 * An output of the encoder:
 * - `last_hidden_state` [n, tokens, hidden]: output of the last block, class token first, no norm after it;
 * - `pooler_output` [n, hidden]: the class token of `last_hidden_state`;
 * - `hidden_states.N` [n, tokens, hidden]: 0 is the embeddings, N the output of block N (counted from 1);
 * - `patch_mean` [n, hidden]: mean of the patch tokens of `last_hidden_state` (no class token).
 */
export type EncoderOutput =
  | "last_hidden_state"
  | "pooler_output"
  | "patch_mean"
  | `hidden_states.${number}`;

const HIDDEN_STATES = /^hidden_states\.(0|[1-9]\d*)$/;

/**
 * Which hidden state an output is taken from: the number of blocks that have to run.
 *
 * @throws ModelError `invalid-argument` for a name that the model does not have, with the ones that it has.
 */
export function hiddenStateOf(output: string, config: EncoderConfig): number {
  const layers = config.numHiddenLayers;
  if (output === "last_hidden_state" || output === "pooler_output" || output === "patch_mean") {
    return layers;
  }
  const index = Number(HIDDEN_STATES.exec(output)?.[1] ?? Number.NaN);
  if (index >= 0 && index <= layers) return index;
  throw new ModelError(
    "invalid-argument",
    `the model has no output "${output}"; it has last_hidden_state, pooler_output, patch_mean and hidden_states.0 to hidden_states.${layers}`,
  );
}
