// The scores: what a reader looks for first.

import { difference } from "../result-table.ts";
import type { ClassificationResult } from "../result.ts";
import type { ResultSummary } from "../summarize.ts";
import { decimals, signed } from "../text-table.ts";
import { html, type Markup } from "./markup.ts";
import { notesList } from "./notes.ts";
import { scrollRegion } from "./scroll-region.ts";

/** The table of all sets with the published numbers beside it, and what is to be known of both. */
export function scoresSection(result: ClassificationResult, summary: ResultSummary): Markup {
  const { sets, average, published, reservations } = summary;
  const beside = published !== null;
  const mean = published?.average ?? null;
  return html`<section aria-labelledby="scores">
    <h2 id="scores">Scores</h2>
    ${scrollRegion(
      "Table of scores",
      html`<table class="scores">
        <thead>
          <tr>
            <th scope="col">set</th>
            <th scope="col">top-1, %</th>
            <th scope="col">top-5, %</th>
            ${
              beside &&
              html`<th scope="col">published</th>
                <th scope="col">difference</th>`
            }
            <th scope="col">pictures</th>
            <th scope="col">unreadable</th>
            <th scope="col">no label</th>
          </tr>
        </thead>
        <tbody>
          ${sets.map(
            (set) =>
              html`<tr>
                <th scope="row">${set.title}</th>
                <td>
                  <strong>${decimals(set.top1, 2)}</strong>
                  <small>± ${decimals(set.standardError, 2)}</small>
                </td>
                <td>${decimals(set.top5, 2)}</td>
                ${
                  beside &&
                  html`<td>${decimals(set.published, 1)}</td>
                    <td>${signed(difference(set.top1, set.published), 2)}</td>`
                }
                <td>${set.scored}</td>
                <td>${set.unreadable}</td>
                <td>${set.unlabelled}</td>
              </tr>`,
          )}
        </tbody>
        ${
          average !== null &&
          html`<tfoot>
            <tr>
              <th scope="row">average of the six</th>
              <td><strong>${decimals(average, 2)}</strong></td>
              <td></td>
              ${
                beside &&
                html`<td>${decimals(mean, 1)}</td>
                  <td>${signed(difference(average, mean), 2)}</td>`
              }
              <td></td>
              <td></td>
              <td></td>
            </tr>
          </tfoot>`
        }
      </table>`,
    )}
    <p class="remark">
      ± is the binomial standard error. Unreadable pictures are in the denominator and count as
      wrong; pictures without a label are left out.
    </p>
    ${otherHeads(result)} ${notesList({ warnings: result.warnings, reservations })}
  </section>`;
}

/** Scores of the heads that the table does not show. */
function otherHeads({ heads, sets }: ClassificationResult): Markup | null {
  if (heads.length < 2 || sets.length === 0) return null;
  return html`<h3>All heads, top-1 in percent</h3>
    ${scrollRegion(
      "Table of all heads",
      html`<table class="scores">
        <thead>
          <tr>
            <th scope="col">head</th>
            ${sets.map(({ data }) => html`<th scope="col">${data.name}</th>`)}
            <th scope="col" class="words">chosen by</th>
          </tr>
        </thead>
        <tbody>
          ${heads.map(
            ({ name, choice }, at) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${sets.map(({ scores }) => html`<td>${decimals(scores[at]!.top1, 2)}</td>`)}
                <td class="words">${choice}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}`;
}
