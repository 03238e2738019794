// Names of what the encoder can return, as the Python model calls them.

import type { EncoderConfig } from "../config/encoder-config.ts";
import { describeValue } from "../describe-value.ts";
import { ModelError } from "../errors.ts";

/**
 * An output of the encoder:
 * - `last_hidden_state` [n, tokens, hidden]: output of the last block, class token first, no norm after it;
 * - `pooler_output` [n, hidden]: the class token of `last_hidden_state`;
 * - `hidden_states.N` [n, tokens, hidden]: 0 is the embeddings, N the output of block N (counted from 1);
 * - `patch_mean` [n, hidden]: mean of the patch tokens of `last_hidden_state` (no class token);
 * - `unshuffled` [n, tokensPerTile, r²·hidden]: the selected layer's patch tokens after pixel unshuffle;
 * - `visual_tokens` [n, tokensPerTile, T]: `unshuffled` through the projector, what a language model is fed.
 */
export type EncoderOutput =
  | "last_hidden_state"
  | "pooler_output"
  | "patch_mean"
  | "unshuffled"
  | "visual_tokens"
  | `hidden_states.${number}`;

/** True for the outputs that are made of the selected layer's unshuffled patches. */
export function isVisualOutput(output: string): output is "unshuffled" | "visual_tokens" {
  return output === "unshuffled" || output === "visual_tokens";
}

const HIDDEN_STATES = /^hidden_states\.(0|[1-9]\d*)$/;

/**
 * Which hidden state an output is taken from: the number of blocks that have to run. `unshuffled` and `visual_tokens`
 * are taken from `selectLayer`, default −1, the last.
 *
 * @throws ModelError `invalid-argument` for a name or a layer that the model does not have, with the ones that it has.
 */
export function hiddenStateOf(
  output: string,
  config: EncoderConfig,
  { selectLayer = -1 }: { readonly selectLayer?: number } = {},
): number {
  const layers = config.numHiddenLayers;
  if (output === "last_hidden_state" || output === "pooler_output" || output === "patch_mean") {
    return layers;
  }
  if (isVisualOutput(output)) return resolveSelectLayer(selectLayer, layers);
  const index = Number(HIDDEN_STATES.exec(output)?.[1] ?? Number.NaN);
  if (index >= 0 && index <= layers) return index;
  throw new ModelError(
    "invalid-argument",
    `the model has no output "${output}"; it has last_hidden_state, pooler_output, patch_mean, unshuffled, visual_tokens and hidden_states.0 to hidden_states.${layers}`,
  );
}

/** Index into the N + 1 hidden states; −1 is the last, which is `last_hidden_state`. */
function resolveSelectLayer(selectLayer: number, layers: number): number {
  const index = selectLayer < 0 ? layers + 1 + selectLayer : selectLayer;
  if (Number.isSafeInteger(index) && index >= 0 && index <= layers) return index;
  throw new ModelError(
    "invalid-argument",
    `selectLayer: expected a hidden state from 0 to ${layers}, or from the end from -1 to ${-(layers + 1)}, got ${describeValue(selectLayer)}`,
  );
}
