// How another model is chosen: which one, what it runs on, in which numbers, and what that costs to download.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { hasDtype, providerFor, remarksHere } from "../model/availability.ts";
import { type ModelChoice, PUBLISHED_MODELS, RANDOM_CHOICE } from "../model/choices.ts";
import { keptFor } from "../model/kept-weights.ts";
import { DTYPE_WORDS, PROVIDER_WORDS } from "../model/plain-words.ts";
import { here, lookHere } from "../state/here.ts";
import { kept, refreshKept } from "../state/kept.ts";
import { openModel, opening } from "../state/model.ts";
import {
  type EnteredSource,
  ModelSourceFields,
  NOTHING_ENTERED,
  sourceOf,
} from "./model-source.tsx";
import { Select } from "./select.tsx";
import { formatBytes } from "./words.ts";

/** The form, folded away. */
export function ModelForm(): JSX.Element {
  const entered = useSignal<EnteredSource>(NOTHING_ENTERED);
  const provider = useSignal(RANDOM_CHOICE.executionProvider);
  const wantedDtype = useSignal(RANDOM_CHOICE.dtype);
  const isThere = (dtype: ModelChoice["dtype"]): boolean =>
    hasDtype(dtype, { provider: provider.value, here: here.value });
  const dtype = isThere(wantedDtype.value) ? wantedDtype.value : "auto";
  const source = sourceOf(entered.value);
  const choice: ModelChoice | undefined = source && {
    source,
    dtype,
    executionProvider: providerFor(dtype, provider.value),
  };
  const words = wordsFor(choice, entered.value);

  const submit = (event: Event): void => {
    event.preventDefault();
    if (choice !== undefined) void openModel(choice);
  };
  return (
    <details class="model-form" onToggle={lookAround}>
      <summary>Use another model</summary>
      <form onSubmit={submit}>
        <ModelSourceFields entered={entered} />
        <div class="fields">
          <Select
            label="Runs on"
            value={provider.value}
            options={{ auto: "What is best", ...PROVIDER_WORDS }}
            isThere={(value) => value !== "webgpu" || here.value?.webgpu.available !== false}
            onChange={(value) => (provider.value = value)}
          />
          <Select
            label="Numbers"
            value={dtype}
            options={{ auto: "What is best", ...DTYPE_WORDS }}
            isThere={isThere}
            onChange={(value) => (wantedDtype.value = value)}
          />
        </div>
        {here.value !== undefined && (
          <ul class="hints quiet" aria-label="What this browser has" data-testid="here">
            {remarksHere(here.value).map((remark) => (
              <li key={remark}>{remark}</li>
            ))}
          </ul>
        )}
        <div class="line">
          <p class="quiet" data-testid="model-hint">
            {words.hint}
          </p>
          <button
            type="submit"
            class="primary"
            disabled={choice === undefined || opening.value !== undefined}
          >
            {words.button}
          </button>
        </div>
      </form>
    </details>
  );
}

function lookAround(): void {
  void lookHere();
  // Another tab may have changed it.
  void refreshKept();
}

/** What a choice means, and what the button says. */
function wordsFor(
  choice: ModelChoice | undefined,
  { wanted }: EnteredSource,
): { readonly hint: string; readonly button: string } {
  const button = "Use it";
  if (choice?.source.kind === "random") {
    return { hint: "Made in this page from a fixed seed.", button };
  }
  if (wanted === "files") return { hint: "They stay on this device.", button };
  const stored = choice && keptFor(choice, kept.value);
  if (stored?.complete === true) return { hint: "It is kept on this device.", button };
  if (stored !== undefined) {
    const hint = `${formatBytes(stored.byteLength)} are here already; the download goes on from there.`;
    return { hint, button: "Go on" };
  }
  if (wanted === "folder") {
    const hint =
      "config.json and model.safetensors, from a server that sends byte ranges and lets other pages read (CORS).";
    return { hint, button };
  }
  const bytes = PUBLISHED_MODELS.find(({ name }) => name === wanted)?.downloadBytes ?? 0;
  return {
    hint: "From huggingface.co, once: it is kept on this device. Your pictures stay here.",
    button: `Download ${formatBytes(bytes)}`,
  };
}
