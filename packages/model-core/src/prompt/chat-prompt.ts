// The conversation as the language model sees it: the ChatML template `internvl2_5` of InternVL 2.5 (conversation.py
// and `preprocess_internvl2_5`), cut into pieces that are trained on or not. The template's default system text is
// not part of this package: it is a parameter.
//
// Deviation: text that holds the template's own tokens is refused. The reference lets it through, and a user could
// end a turn, or shift the visual tokens, by writing them.

import { ModelError } from "../errors.ts";
import {
  assertPlaceholderCount,
  countPlaceholders,
  expandFrom,
  type PromptPlan,
} from "./image-placeholders.ts";
import { assertWithout, IMAGE_TOKENS } from "./special-tokens.ts";

const TURN_START = "<|im_start|>";
const TURN_END = "<|im_end|>";

/** Ends an assistant's turn: where generation stops. */
export const STOP_TOKEN: string = TURN_END;

const REFUSED: readonly string[] = [...IMAGE_TOKENS, TURN_START, TURN_END];

/** One turn of a conversation. */
export interface ChatTurn {
  /** Who speaks: `human` and `gpt` in InternVL's data files. */
  readonly role: "user" | "assistant";
  /** In a user's turn, each `<image>` stands for the next picture of the plan. */
  readonly text: string;
}

/** How a conversation becomes text. */
export interface ChatPromptOptions {
  /** The system text, or undefined for a conversation without system turn. */
  readonly system: string | undefined;
  /** The pictures. Without it no user turn may hold `<image>`. */
  readonly plan?: PromptPlan;
  /** Whether the text ends with the header of an assistant's turn. Default: when the last turn is the user's. */
  readonly generationPrompt?: boolean;
}

/** A piece of the text whose tokens all are, or all are not, what the model is trained to produce. */
export interface PromptSegment {
  readonly text: string;
  readonly trained: boolean;
}

/** A conversation as text. */
export interface ChatPrompt {
  readonly text: string;
  /**
   * The same text in pieces: trained are an assistant's text and the token that ends its turn. Tokenising piece by
   * piece gives the tokens of the whole, unless an assistant's text begins with a line break, which tokenizers may
   * join with the one before it.
   */
  readonly segments: readonly PromptSegment[];
}

/**
 * The conversation in the ChatML template `internvl2_5`, pictures expanded.
 *
 * @throws ModelError `invalid-argument` when there is no turn, when the user's turns together have more or fewer
 * `<image>` than the plan has pictures, or when a text holds one of the template's or the pictures' tokens.
 */
export function chatPrompt(turns: readonly ChatTurn[], options: ChatPromptOptions): ChatPrompt {
  const { system, plan = { kind: "images", pictures: [] } } = options;
  const last = turns.at(-1);
  if (last === undefined) {
    throw new ModelError("invalid-argument", "a conversation needs at least one turn, got none");
  }
  const { generationPrompt = last.role === "user" } = options;
  const userTexts = turns.filter((turn) => turn.role === "user").map((turn) => turn.text);
  const placed = userTexts.reduce((sum, text) => sum + countPlaceholders(text), 0);
  assertPlaceholderCount("the user's turns", placed, plan.pictures.length);

  const segments: PromptSegment[] = [];
  if (system !== undefined) {
    assertWithout(REFUSED, { what: "a system text", value: system });
    segments.push({ text: `${TURN_START}system\n${system}${TURN_END}\n`, trained: false });
  }
  let firstPicture = 0;
  for (const [index, { role, text }] of turns.entries()) {
    assertWithout(REFUSED, { what: `the text of turn ${index}`, value: text });
    if (role === "user") {
      const expanded = expandFrom(text, { plan, firstPicture });
      firstPicture += countPlaceholders(text);
      segments.push({ text: `${TURN_START}user\n${expanded}${TURN_END}\n`, trained: false });
    } else {
      segments.push(
        { text: `${TURN_START}assistant\n`, trained: false },
        { text: text + TURN_END, trained: true },
        { text: "\n", trained: false },
      );
    }
  }
  if (generationPrompt) segments.push({ text: `${TURN_START}assistant\n`, trained: false });
  return { text: segments.map((segment) => segment.text).join(""), segments };
}
