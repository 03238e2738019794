// The classes that are recognised least: what they are taken for, and pictures of the most confident mistakes.

import type { ClassificationScore, WrongPicture } from "../../scoring/score.ts";
import { decimals } from "../text-table.ts";
import { className } from "./classes.ts";
import { html, type Markup } from "./markup.ts";

/** The pictures of a set as small data URIs, by index; what is missing is shown by name. */
export type Thumbnails = ReadonlyMap<number, string>;

/** What is shown. */
export interface WorstClassesOptions {
  readonly names: readonly string[];
  readonly thumbnails: Thumbnails;
}

/** Cards of the worst classes; nothing where every picture was right. */
export function worstClassesPart(
  { worstClasses }: ClassificationScore,
  { names, thumbnails }: WorstClassesOptions,
): Markup | null {
  const wrong = worstClasses.filter(({ pictures, top1Correct }) => top1Correct < pictures);
  if (wrong.length === 0) return null;
  return html`<h3>Least recognised classes</h3>
    <ul class="cards">
      ${wrong.map(({ label, pictures, top1Correct, mistakenFor, examples }) => {
        const others = mistakenFor.map(
          (other) => `${className(names, other.label)} (${other.pictures})`,
        );
        return html`<li class="card">
          <h4>
            ${className(names, label)}
            <span class="value">${decimals((100 * top1Correct) / pictures, 1)} %</span>
          </h4>
          <p>
            ${top1Correct} of ${pictures}
            right.${others.length > 0 && html` Taken for ${others.join(", ")}.`}
          </p>
          <ul class="pictures">
            ${examples.map((example) => html`<li>${picture(example, { names, thumbnails })}</li>`)}
          </ul>
        </li>`;
      })}
    </ul>`;
}

/** Wrong pictures of a set that a report shows. */
const SHOWN_MISTAKES = 10;

/** The pictures of a score that a report shows. */
export function shownPictures({
  worstClasses,
  worstPictures,
}: ClassificationScore): readonly number[] {
  const examples = worstClasses.flatMap((worst) => worst.examples);
  const shown = [...examples, ...worstPictures.slice(0, SHOWN_MISTAKES)];
  return [...new Set(shown.map(({ index }) => index))];
}

/** The most confident mistakes of a whole set; nothing where every picture was right. */
export function mistakesPart(
  { worstPictures }: ClassificationScore,
  options: WorstClassesOptions,
): Markup | null {
  if (worstPictures.length === 0) return null;
  return html`<h3>Most confident mistakes</h3>
    <ul class="pictures wide">
      ${worstPictures.slice(0, SHOWN_MISTAKES).map((wrong) => {
        const meant = wrong.labels.map((label) => className(options.names, label)).join(" or ");
        return html`<li>
          ${picture(wrong, options)}<span class="answer" title="${meant}">right: ${meant}</span>
        </li>`;
      })}
    </ul>`;
}

function picture(
  { index, key, predicted, confidence }: WrongPicture,
  { names, thumbnails }: WorstClassesOptions,
): Markup {
  const address = thumbnails.get(index);
  const name = className(names, predicted);
  const share = `${decimals(100 * confidence, 0)} %`;
  const shown =
    address === undefined
      ? html`<span class="missing">${key}</span>`
      : html`<img src="${address}" alt="${`Taken for ${name}, ${share}`}" title="${key}" />`;
  return html`${shown}<span class="answer" title="${name}">${name}</span
    ><span class="answer">${share}</span>`;
}
