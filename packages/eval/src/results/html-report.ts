// The report of a classification result.

import { curvesSection } from "./html/curves.ts";
import { calibrationFigure } from "./html/calibration.ts";
import { classesFigure } from "./html/classes.ts";
import { gridSection } from "./html/grid-map.ts";
import { html, type Markup } from "./html/markup.ts";
import { type HeadlineNumbers, isPictureAddress, reportPage } from "./html/page.ts";
import { provenanceSection } from "./html/provenance.ts";
import { scoresSection } from "./html/scores.ts";
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
  return reportPage(result, {
    title: summary.model,
    line: `${summary.protocol} · head: ${summary.head}`,
    headline: headline(summary),
    main: html`${scoresSection(result, summary)} ${curvesSection(result)}
    ${gridSection(result.grid)} ${setsSection(result, { summary, thumbnails })}
    ${provenanceSection(result, {
      hash,
      sets: result.sets.map(({ data, unreadable, scores }) => ({
        data,
        unreadable,
        unreadableCount: scores[0]?.unreadable ?? 0,
      })),
    })}`,
  });
}

/** The pictures that a report shows, by the name of the set: what thumbnails are made of. */
export function picturesInReport(
  result: ClassificationResult,
): ReadonlyMap<string, readonly number[]> {
  return new Map(result.sets.map(({ data, scores }) => [data.name, shownPictures(scores[0]!)]));
}

function headline({ sets, average }: ResultSummary): HeadlineNumbers {
  return [
    ...(average === null ? [] : [["average top-1", average] as const]),
    ...sets.map(({ title, top1 }) => [title, top1] as const),
  ];
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

function picturesOnly(thumbnails: Thumbnails = new Map()): Thumbnails {
  return new Map([...thumbnails].filter(([, address]) => isPictureAddress(address)));
}
