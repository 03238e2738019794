// A result as one HTML file that needs nothing else: no network, no script, pictures and diagrams inside. Light and dark
// by the reader's setting. A page is not read by its contents' word: the policy in its head forbids everything but
// its own style and its pictures.

import { FRAME } from "./html/axes.ts";
import { curvesSection } from "./html/curves.ts";
import { calibrationFigure } from "./html/calibration.ts";
import { classesFigure } from "./html/classes.ts";
import { gridSection } from "./html/grid-map.ts";
import { html, type Markup } from "./html/markup.ts";
import { provenanceSection } from "./html/provenance.ts";
import { scoresSection } from "./html/scores.ts";
import { REPORT_STYLE } from "./html/style.ts";
import {
  mistakesPart,
  shownPictures,
  type Thumbnails,
  worstClassesPart,
} from "./html/worst-classes.ts";
import type { ClassificationResult, SetResult } from "./result.ts";
import { type ResultSummary, summarizeResult } from "./summarize.ts";
import { decimals } from "./text-table.ts";

/** Options of `htmlReport`. */
export interface HtmlReportOptions {
  /**
   * Pictures by the name of the set and their index, as data URIs of JPEG, PNG or WebP; others are left out. Those that
   * `picturesInReport` names are looked for.
   */
  readonly thumbnails?: ReadonlyMap<string, Thumbnails>;
  /** SHA-256 of the result's JSON, to be printed. */
  readonly hash?: string;
}

/** The report as an HTML document. */
export function htmlReport(result: ClassificationResult, options: HtmlReportOptions = {}): string {
  const summary = summarizeResult(result);
  const { thumbnails = new Map<string, Thumbnails>(), hash } = options;
  const title = `${summary.model}: ${summary.protocol}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        />
        <title>${title}</title>
        <style>
          ${{ markup: REPORT_STYLE }}
        </style>
      </head>
      <body>
        <svg class="defs" aria-hidden="true">
          <defs>
            <pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse">
              <path d="M0 4L4 0" />
            </pattern>
            <clipPath id="plot">
              <rect
                x="${FRAME.left - 3}"
                y="${FRAME.top - 3}"
                width="${FRAME.width - FRAME.left - FRAME.right + 6}"
                height="${FRAME.height - FRAME.top - FRAME.bottom + 6}"
              />
            </clipPath>
          </defs>
        </svg>
        <header>
          <h1>${summary.model}</h1>
          <p>
            ${summary.protocol} · head: ${summary.head} · trained on ${result.train.name} ·
            ${result.finished.slice(0, 10)}
          </p>
          ${headline(summary)}
        </header>
        <main>
          ${scoresSection(result, summary)} ${curvesSection(result)} ${gridSection(result.grid)}
          ${setsSection(result, { summary, thumbnails })} ${provenanceSection(result, { hash })}
        </main>
        <footer>
          <p>
            Written by internvit from a result of format ${result.format}, version
            ${result.version}.
          </p>
        </footer>
      </body>
    </html> `;
  return page.markup;
}

/** The pictures that a report shows, by the name of the set: what thumbnails are made of. */
export function picturesInReport(
  result: ClassificationResult,
): ReadonlyMap<string, readonly number[]> {
  return new Map(result.sets.map(({ data, scores }) => [data.name, shownPictures(scores[0]!)]));
}

function headline({ sets, average }: ResultSummary): Markup {
  const tiles = [
    ...(average === null ? [] : [["average top-1", average] as const]),
    ...sets.map(({ title, top1 }) => [title, top1] as const),
  ];
  return html`<ul class="headline">
    ${tiles.map(([name, value]) => html`<li><strong>${decimals(value, 2)}</strong><span>${name}</span></li>`)}
  </ul>`;
}

function setsSection(
  { sets }: ClassificationResult,
  options: {
    readonly summary: ResultSummary;
    readonly thumbnails: ReadonlyMap<string, Thumbnails>;
  },
): Markup {
  const { summary, thumbnails } = options;
  return html`<section aria-labelledby="sets">
    <h2 id="sets">Sets</h2>
    ${sets.map((set, at) => {
      const { title, top1 } = summary.sets[at]!;
      return html`<details class="set" ${at === 0 && html` open`}>
        <summary>${title}: ${decimals(top1, 2)} %</summary>
        ${setPart(set, picturesOnly(thumbnails.get(set.data.name)))}
      </details>`;
    })}
  </section>`;
}

function setPart({ data, scores, classes, restricted }: SetResult, thumbnails: Thumbnails): Markup {
  const score = scores[0]!;
  const options = { names: classes, thumbnails };
  return html`${
      restricted &&
      html`<p class="remark">
        Only the ${data.classes} classes of this set could be answered: other logits are left out
        before they are ranked.
      </p>`
    }
    <div class="figures">
      ${classesFigure(score.perClass, classes)} ${calibrationFigure(score.calibration)}
    </div>
    ${worstClassesPart(score, options)} ${mistakesPart(score, options)}`;
}

/** Leaves out what is no picture: an address would be fetched, were it not for the policy. */
function picturesOnly(thumbnails: Thumbnails = new Map()): Thumbnails {
  const isPicture = /^data:image\/(?:jpeg|png|webp);base64,[\w+/=]+$/;
  return new Map([...thumbnails].filter(([, address]) => isPicture.test(address)));
}
