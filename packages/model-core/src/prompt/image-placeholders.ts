// Where pictures stand in a text: one `<image>` each, as users and data sets write it, and its expansion into one
// token per visual token, left to right, from the plan that the tiles are made from.

import { ModelError } from "../errors.ts";
import type { VisualPlan } from "../tiling/visual-plan.ts";
import { assertWithout, IMAGE_TOKENS, imagePlaceholder } from "./special-tokens.ts";

/** What a user writes where a picture stands. */
export const IMAGE_PLACEHOLDER = "<image>";

/** What data sets write where the frames of a video stand. */
const VIDEO_PLACEHOLDER = "<video>";

/** The part of a `VisualPlan` that a prompt is made from. */
export interface PromptPlan {
  readonly kind: VisualPlan["kind"];
  readonly pictures: readonly Pick<VisualPlan["pictures"][number], "tokens">[];
}

/** How often a text holds `<image>`. */
export function countPlaceholders(text: string): number {
  return text.split(IMAGE_PLACEHOLDER).length - 1;
}

/** Refuses a number of `<image>` that is not the number of pictures. */
export function assertPlaceholderCount(where: string, found: number, pictures: number): void {
  if (found !== pictures) {
    throw new ModelError(
      "invalid-argument",
      `expected one ${IMAGE_PLACEHOLDER} in ${where} for each picture of the plan (${pictures}), found ${found}`,
    );
  }
}

/**
 * The text with its k-th `<image>` replaced by `<img>`, one `<IMG_CONTEXT>` for each visual token of picture k, and
 * `</img>`.
 *
 * @throws ModelError `invalid-argument` when the text has more or fewer placeholders than the plan has pictures, or
 * already holds a token that marks a picture.
 */
export function expandImagePlaceholders(text: string, plan: PromptPlan): string {
  assertWithout(IMAGE_TOKENS, { what: "text", value: text });
  assertPlaceholderCount("the text", countPlaceholders(text), plan.pictures.length);
  return expandFrom(text, { plan, firstPicture: 0 });
}

/** As `expandImagePlaceholders`, for checked text whose first placeholder is that of `firstPicture`. */
export function expandFrom(
  text: string,
  options: { readonly plan: PromptPlan; readonly firstPicture: number },
): string {
  const [before = "", ...after] = text.split(IMAGE_PLACEHOLDER);
  return after.reduce((expanded, part, index) => {
    const { start, end } = options.plan.pictures[options.firstPicture + index]!.tokens;
    return expanded + imagePlaceholder(end - start) + part;
  }, before);
}

/** What a `visualPrompt` says besides the pictures. */
export interface VisualPromptOptions {
  /** The user's text. Default: none. */
  readonly question?: string;
  /**
   * How pictures are numbered: `"hyphen"` (default) writes `Image-1: ` and `Frame-1: ` as InternVL 2.5's training and
   * model cards do, `"plain"` writes `Image1: ` and `Frame1: ` as its preference training, its video evaluation and
   * transformers do.
   */
  readonly labelStyle?: "hyphen" | "plain";
}

/**
 * The text of the first user turn, with one `<image>` per picture: a single picture has a line without label, several
 * pictures and the frames of a video have a numbered line each, the question follows. A question that already says
 * where the pictures stand is kept: `<image>` once per picture, or (for a video) one `<video>`, which becomes the
 * frames' lines. `expandImagePlaceholders` or `chatPrompt` turn the result into tokens.
 *
 * @throws ModelError `invalid-argument` when the question has placeholders, but not as many as there are pictures, or
 * holds a token that marks a picture.
 */
export function visualPrompt(plan: PromptPlan, options: VisualPromptOptions = {}): string {
  const { question = "", labelStyle = "hyphen" } = options;
  assertWithout(IMAGE_TOKENS, { what: "a question", value: question });
  const placed = countPlaceholders(question);
  if (placed > 0) {
    assertPlaceholderCount("the question", placed, plan.pictures.length);
    return question;
  }
  const lines = pictureLines(plan, labelStyle);
  if (plan.kind !== "video" || !question.includes(VIDEO_PLACEHOLDER)) return lines + question;
  const [before = "", after = "", ...more] = question.split(VIDEO_PLACEHOLDER);
  if (more.length > 0) {
    throw new ModelError(
      "invalid-argument",
      `expected at most one ${VIDEO_PLACEHOLDER} in the question, found ${more.length + 1}`,
    );
  }
  // The lines end with the line break that follows the placeholder.
  return before + lines + (after.startsWith("\n") ? after.slice(1) : after);
}

function pictureLines(plan: PromptPlan, labelStyle: "hyphen" | "plain"): string {
  const labelled = plan.kind === "video" || plan.pictures.length > 1;
  if (!labelled) return `${IMAGE_PLACEHOLDER}\n`;
  const label = (plan.kind === "video" ? "Frame" : "Image") + (labelStyle === "hyphen" ? "-" : "");
  return plan.pictures.map((_, index) => `${label}${index + 1}: ${IMAGE_PLACEHOLDER}\n`).join("");
}
