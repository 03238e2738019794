// The worst, the middle and the best pictures: what went in, the truth, what was predicted, and where the two differ.

import { classColours, IGNORED_COLOUR, type Rgb } from "../../inference/class-colours.ts";
import type { SegmentationExample, SegmentationSetResult } from "../segmentation-result.ts";
import { percentOf } from "../segmentation-summary.ts";
import { decimals } from "../text-table.ts";
import { className } from "./classes.ts";
import { html, type Markup } from "./markup.ts";
import { isPictureAddress } from "./page.ts";
import { swatch } from "./swatch.ts";

/** The pictures of an example as data URIs of JPEG, PNG or WebP. */
export interface ExamplePictures {
  /** Null where the set is not at hand, or what went in cannot be decoded; with a truth beside it that is said. */
  readonly input: string | null;
  /** Null where the set is not at hand; so are the errors. */
  readonly truth: string | null;
  readonly prediction: string;
  readonly errors: string | null;
  /** The labels that occur in them, in ascending order. */
  readonly labels: readonly number[];
  /** Whether pixels of the truth have no class. */
  readonly hasIgnored: boolean;
}

/** What right and wrong pixels look like in a map of errors; ignored ones have `IGNORED_COLOUR`. */
export const ERROR_COLOURS: readonly [right: Rgb, wrong: Rgb] = [
  [226, 234, 240],
  [196, 42, 20],
];

const PLACES = { worst: "Worst", median: "Around the median", best: "Best" } as const;

/** The section of the examples; nothing without any. */
export function examplesSection(
  { classes, examples }: SegmentationSetResult,
  pictures: ReadonlyMap<number, ExamplePictures>,
): Markup | null {
  if (examples.length === 0) return null;
  const colours = classColours(classes.length);
  const [right, wrong] = ERROR_COLOURS;
  const places = (["worst", "median", "best"] as const).map((place) => ({
    place,
    own: examples.filter((example) => example.place === place),
  }));
  return html`<section aria-labelledby="pictures">
    <h2 id="pictures">Pictures</h2>
    <p class="remark">
      By the mean IoU over the classes of each picture alone. Errors:
      ${swatch(right)}right&ensp;${swatch(wrong)}wrong&ensp;${swatch(IGNORED_COLOUR)}not labelled
    </p>
    ${places.map(
      ({ place, own }) =>
        own.length > 0 &&
        html`<h3>${PLACES[place]}</h3>
          <ul class="examples">
            ${own.map(
              (example) =>
                html`<li>
                  <h4>
                    ${example.key}
                    <span class="value">${decimals(percentOf(example.meanIou), 1)} %</span>
                  </h4>
                  ${exampleRow(example, { pictures: pictures.get(example.index), classes, colours })}
                </li>`,
            )}
          </ul>`,
    )}
  </section>`;
}

function exampleRow(
  { key }: SegmentationExample,
  options: {
    readonly pictures: ExamplePictures | undefined;
    readonly classes: readonly string[];
    readonly colours: readonly Rgb[];
  },
): Markup {
  const { pictures, classes, colours } = options;
  const none = html`<p class="remark">Its pictures were not at hand.</p>`;
  if (pictures === undefined) return none;
  const { input, truth, prediction, errors, labels, hasIgnored } = pictures;
  const shown = [
    ["picture", input],
    ["truth", truth],
    ["prediction", prediction],
    ["errors", errors],
  ] as const;
  const drawn = shown.flatMap(([name, address]) => {
    if (address !== null && isPictureAddress(address)) {
      return [{ name, picture: html`<img src="${address}" alt="${`${name} of ${key}`}" />` }];
    }
    const missing = html`<span class="missing">cannot be shown</span>`;
    return truth === null ? [] : [{ name, picture: missing }];
  });
  if (drawn.length === 0) return none;
  return html`<div class="example${drawn.length === 1 ? " alone" : ""}">
      ${drawn.map(
        ({ name, picture }) =>
          html`<figure>
            ${picture}
            <figcaption>${name}</figcaption>
          </figure>`,
      )}
    </div>
    <ul class="legend">
      ${labels.map(
        (label) => html`<li>${swatch(colours[label]!)}${className(classes, label)}</li>`,
      )}
      ${hasIgnored && html`<li>${swatch(IGNORED_COLOUR)}not labelled</li>`}
    </ul>`;
}
