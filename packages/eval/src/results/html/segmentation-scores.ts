// The scores of a segmentation result, and what is to be known of them.

import { difference } from "../result-table.ts";
import type { SegmentationSummary } from "../segmentation-summary.ts";
import { decimals, signed } from "../text-table.ts";
import { html, type Markup } from "./markup.ts";
import { notesList } from "./notes.ts";
import { scrollRegion } from "./scroll-region.ts";

/** The table of all heads with the published number beside them. */
export function segmentationScoresSection(
  { title, heads, published, reservations }: SegmentationSummary,
  { warnings }: { readonly warnings: readonly string[] },
): Markup {
  const beside = published !== null;
  return html`<section aria-labelledby="scores">
    <h2 id="scores">Scores on ${title}</h2>
    ${scrollRegion(
      "Table of scores",
      html`<table class="scores">
        <thead>
          <tr>
            <th scope="col">head</th>
            <th scope="col">mIoU, %</th>
            ${
              beside &&
              html`<th scope="col">published</th>
                <th scope="col">difference</th>`
            }
            <th scope="col">mAcc, %</th>
            <th scope="col">aAcc, %</th>
            <th scope="col">boundary IoU, %</th>
            <th scope="col">pictures</th>
            <th scope="col">unreadable</th>
            <th scope="col" class="words">chosen by</th>
          </tr>
        </thead>
        <tbody>
          ${heads.map(
            (head) =>
              html`<tr>
                <th scope="row">${head.name}</th>
                <td><strong>${decimals(head.meanIou, 2)}</strong></td>
                ${
                  beside &&
                  html`<td>${decimals(published, 1)}</td>
                    <td>${signed(difference(head.meanIou, published), 2)}</td>`
                }
                <td>${decimals(head.meanAccuracy, 2)}</td>
                <td>${decimals(head.pixelAccuracy, 2)}</td>
                <td>${decimals(head.boundaryIou, 2)}</td>
                <td>${head.pictures}</td>
                <td>${head.unreadable}</td>
                <td class="words">${head.choice}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}
    <p class="remark">
      mIoU and mAcc are means over the classes that occur, aAcc is the share of right pixels, all
      from the sums over the whole set; unlabelled pixels and unreadable pictures are left out.
      Boundary IoU looks at pixels within 2 % of the picture’s diagonal from an edge; the report has
      none.
    </p>
    ${notesList({ warnings, reservations })}
  </section>`;
}
