// The tokens that InternVL adds to its language model's tokenizer, and the text that stands for one picture.

import { ModelError } from "../errors.ts";

/** The added tokens in the order in which the tokenizer got them (InternVL, train/constants.py). */
export const SPECIAL_TOKENS = [
  "<img>",
  "</img>",
  "<IMG_CONTEXT>",
  "<quad>",
  "</quad>",
  "<ref>",
  "</ref>",
  "<box>",
  "</box>",
] as const;

/** One of the added tokens. */
export type SpecialToken = (typeof SPECIAL_TOKENS)[number];

const [IMAGE_START, IMAGE_END, IMAGE_CONTEXT] = SPECIAL_TOKENS;

/** The tokens that mark a picture. Text from outside that held one would shift every visual token after it. */
export const IMAGE_TOKENS: readonly string[] = [IMAGE_START, IMAGE_END, IMAGE_CONTEXT];

/**
 * What a picture of so many visual tokens (all its tiles, thumbnail included) is in the prompt:
 * `<img>`, `<IMG_CONTEXT>` once for each visual token, `</img>`.
 *
 * @throws ModelError `invalid-argument`
 */
export function imagePlaceholder(tokenCount: number): string {
  if (!(Number.isSafeInteger(tokenCount) && tokenCount > 0)) {
    throw new ModelError(
      "invalid-argument",
      `a picture has a positive whole number of visual tokens, got ${tokenCount}`,
    );
  }
  return IMAGE_START + IMAGE_CONTEXT.repeat(tokenCount) + IMAGE_END;
}

/** Refuses text that holds one of the tokens. */
export function assertWithout(
  tokens: readonly string[],
  text: { readonly what: string; readonly value: string },
): void {
  for (const token of tokens) {
    const at = text.value.indexOf(token);
    if (at === -1) continue;
    throw new ModelError(
      "invalid-argument",
      `expected ${text.what} without special tokens, found ${token} at character ${at}: ` +
        "it would be read as structure, not as text",
    );
  }
}
