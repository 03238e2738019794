// Where visual tokens enter the language model: its text embeddings at the positions of `<IMG_CONTEXT>` are replaced,
// in order, by the visual tokens of all tiles (InternVL, modeling_internvl_chat.py, `forward` and `generate`).
// Deviation: counts that differ are an error; the reference's training step cuts the surplus off with a warning.

import { ModelError } from "../errors.ts";
import { elementCount, type Tensor } from "../tensor.ts";

/** What goes where. */
export interface ScatterOptions {
  /** The ids of the text, one for each position of the embeddings, in their order. */
  readonly tokenIds: ArrayLike<number> | ArrayLike<bigint>;
  /** The id of `<IMG_CONTEXT>` in the model's tokenizer. */
  readonly contextTokenId: number;
  /** `[tiles, tokensPerTile, hidden]`, or any shape whose last size is `hidden`. */
  readonly visualTokens: Tensor<"float32">;
}

/**
 * The text embeddings `[..., sequence, hidden]` with the visual tokens at the positions of `<IMG_CONTEXT>`. The
 * result is new; nothing given is changed.
 *
 * @throws ModelError `mismatch` when the widths, the number of ids, or the number of visual tokens do not fit.
 */
export function scatterVisualTokens(
  textEmbeddings: Tensor<"float32">,
  options: ScatterOptions,
): Tensor<"float32"> {
  const { tokenIds, contextTokenId, visualTokens } = options;
  const hidden = widthOf("text embeddings", textEmbeddings);
  const visualHidden = widthOf("visual tokens", visualTokens);
  if (hidden !== visualHidden) {
    throw new ModelError(
      "mismatch",
      `expected visual tokens as wide as the text embeddings (${hidden}), found a width of ${visualHidden}`,
    );
  }
  const positions = textEmbeddings.data.length / hidden;
  if (tokenIds.length !== positions) {
    throw new ModelError(
      "mismatch",
      `expected one token id for each of the ${positions} text embeddings, found ${tokenIds.length}`,
    );
  }
  const targets: number[] = [];
  for (let position = 0; position < positions; position++) {
    if (Number(tokenIds[position]) === contextTokenId) targets.push(position);
  }
  const count = visualTokens.data.length / hidden;
  if (targets.length !== count) {
    throw new ModelError(
      "mismatch",
      `expected a position with token id ${contextTokenId} for each of the ${count} visual tokens, ` +
        `found ${targets.length}`,
    );
  }
  const data = Float32Array.from(textEmbeddings.data);
  for (const [index, position] of targets.entries()) {
    data.set(visualTokens.data.subarray(index * hidden, (index + 1) * hidden), position * hidden);
  }
  return { dtype: "float32", shape: [...textEmbeddings.shape], data };
}

function widthOf(what: string, tensor: Tensor<"float32">): number {
  const { shape, data } = tensor;
  const width = shape.at(-1);
  if (shape.length < 2 || width === undefined || width < 1) {
    throw new ModelError(
      "mismatch",
      `expected ${what} with a token axis and a width, found the shape [${shape.join(", ")}]`,
    );
  }
  if (data.length !== elementCount(shape)) {
    throw new ModelError(
      "mismatch",
      `expected ${elementCount(shape)} numbers in ${what} of shape [${shape.join(", ")}], found ${data.length}`,
    );
  }
  return width;
}
