// The prompt, with runs of the token that stands for a picture's features written as a count.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { announce } from "../state/announcements.ts";
import { prompt, question } from "../state/tiles.ts";
import { formatCount } from "./words.ts";

const CONTEXT = "<IMG_CONTEXT>";

/** The question and the prompt around it. */
export function PromptView(): JSX.Element {
  const outcome = prompt.value;
  return (
    <div class="prompt">
      <label class="field">
        <span>Question</span>
        <input
          type="text"
          value={question.value}
          aria-invalid={"error" in outcome}
          aria-describedby={"error" in outcome ? "prompt-error" : undefined}
          onInput={(event) => (question.value = event.currentTarget.value)}
        />
      </label>
      {"error" in outcome ? (
        <p class="error" id="prompt-error">
          {outcome.error}
        </p>
      ) : (
        <>
          <pre data-testid="prompt" tabIndex={0} role="region" aria-label="Prompt">
            {outcome.text === ""
              ? "The prompt comes with the first picture."
              : shorten(outcome.text)}
          </pre>
          <CopyButton text={outcome.text} />
        </>
      )}
    </div>
  );
}

function shorten(text: string): readonly (string | JSX.Element)[] {
  return text.split(/((?:<IMG_CONTEXT>)+)/).map((part) =>
    part.startsWith(CONTEXT) ? (
      <span class="tokens">
        {CONTEXT} × {formatCount(part.length / CONTEXT.length)}
      </span>
    ) : (
      part
    ),
  );
}

function CopyButton({ text }: { readonly text: string }): JSX.Element {
  const outcome = useSignal<string>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      outcome.value = "Copied";
    } catch {
      outcome.value = "The browser does not allow copying here";
    }
    announce(outcome.value);
    setTimeout(() => (outcome.value = undefined), 2500);
  };
  return (
    <div class="line">
      <p class="quiet">
        Every <code>{CONTEXT}</code> is the place of one visual token.
      </p>
      <button type="button" disabled={text === ""} onClick={() => void copy()}>
        {outcome.value ?? "Copy the whole prompt"}
      </button>
    </div>
  );
}
