// What this page keeps on the device: a list to look at and to remove from. Nothing is shown when nothing is kept.

import type { StoredWeights } from "@internvit/runtime-web";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { nameOfKept, readForm } from "../model/kept-weights.ts";
import { DTYPE_WORDS, PROVIDER_WORDS } from "../model/plain-words.ts";
import {
  estimate,
  kept,
  keepForGood,
  persistRefused,
  removeError,
  removeKept,
  removing,
} from "../state/kept.ts";
import { opening } from "../state/model.ts";
import { Cross } from "./cross.tsx";
import { formatBytes } from "./words.ts";

/** The list. */
export function KeptView(): JSX.Element | null {
  const heading = useRef<HTMLHeadingElement>(null);
  if (kept.value.length === 0) return null;
  const remove = async (weights: StoredWeights): Promise<void> => {
    // Its button goes away with it. The heading is there as long as the list is.
    heading.current?.focus();
    await removeKept(weights);
    if (kept.peek().length === 0) document.querySelector<HTMLElement>("#model summary")?.focus();
  };
  return (
    <section class="kept" aria-labelledby="kept-title" data-testid="kept">
      <h3 id="kept-title" tabIndex={-1} ref={heading}>
        Kept on this device
      </h3>
      <ul>
        {kept.value.map((weights) => (
          <Weights key={weights.key} weights={weights} onRemove={() => void remove(weights)} />
        ))}
      </ul>
      {removeError.value !== undefined && (
        <p class="error" role="alert">
          {removeError.value}
        </p>
      )}
      <Space />
    </section>
  );
}

function Weights(props: {
  readonly weights: StoredWeights;
  readonly onRemove: () => void;
}): JSX.Element {
  const { weights, onRemove } = props;
  const name = nameOfKept(weights);
  const form = wordsOf(weights);
  return (
    <li data-testid="kept-weights">
      <span class="kept-text">
        <span class="name" title={weights.label}>
          {name}
        </span>
        <span class="quiet">
          {form}, {formatBytes(weights.byteLength)}
          {weights.complete ? "" : " so far: unfinished"}
        </span>
      </span>
      <button
        type="button"
        class="item-remove"
        aria-label={`Remove ${name}, ${form}, from this device`}
        // One that is being written would be waited for.
        disabled={opening.value !== undefined || removing.value !== undefined}
        onClick={onRemove}
      >
        <Cross />
      </button>
    </li>
  );
}

function wordsOf({ form }: StoredWeights): string {
  const { dtype, provider } = readForm(form);
  return provider === undefined
    ? DTYPE_WORDS[dtype]
    : `${DTYPE_WORDS[dtype]} for ${PROVIDER_WORDS[provider]}`;
}

function Space(): JSX.Element | null {
  if (estimate.value === undefined) return null;
  const { usage, quota, persisted } = estimate.value;
  return (
    <>
      <p class="quiet" data-testid="storage">
        {usage !== undefined && `This site stores ${formatBytes(usage)}`}
        {usage !== undefined && quota !== undefined && ` of the ${formatBytes(quota)} it may have`}
        {usage !== undefined && ". "}
        {persisted
          ? "The browser keeps it until you remove it."
          : "The browser may remove it when space is short."}
      </p>
      {!persisted && (
        <button type="button" onClick={() => void keepForGood()}>
          Keep when space is short
        </button>
      )}
      {!persisted && persistRefused.value && (
        <p class="quiet">
          The browser did not agree. Most do for pages that are visited often, bookmarked or
          installed.
        </p>
      )}
    </>
  );
}
