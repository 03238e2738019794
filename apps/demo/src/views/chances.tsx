// What the head says of a picture: every class with its confidence.

import type { JSX } from "preact";

import type { Verdict } from "../model/linear-head.ts";
import { chancesOf } from "../state/verdicts.ts";
import { formatChance } from "./words.ts";

/** Where there are more classes, the likeliest. */
const MOST_BARS = 4;

/** Distance, in units of the examples' spread, from which on a picture is none of their kind. */
const STRANGE = 2;

/** Bars with numbers. */
export function Chances({ verdict }: { readonly verdict: Verdict }): JSX.Element {
  const all = chancesOf(verdict);
  const least = all.map(({ chance }) => chance).sort((a, b) => b - a)[MOST_BARS - 1] ?? 0;
  return (
    <>
      <ul class="chances">
        {all
          .filter(({ chance }) => chance >= least)
          .map(({ name, chance, isBest }, index) => (
            <li key={index} class={isBest ? "is-best" : ""} data-best={isBest}>
              <span class="name">{name}</span>
              <span class="chance" aria-hidden="true">
                <span style={{ width: `${100 * chance}%` }} />
              </span>
              <span class="number">{formatChance(chance)}</span>
            </li>
          ))}
      </ul>
      {verdict.distance > STRANGE && <p class="quiet">Not much like any example.</p>}
    </>
  );
}
