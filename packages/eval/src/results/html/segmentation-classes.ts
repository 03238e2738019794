// Every class of a segmented set: IoU as bars, best first, with its other scores and its pixels.

import { classColours } from "../../inference/class-colours.ts";
import type { SegmentationSetResult } from "../segmentation-result.ts";
import { percentOf } from "../segmentation-summary.ts";
import { decimals } from "../text-table.ts";
import { digits } from "./axes.ts";
import { html, type Markup } from "./markup.ts";
import { scrollRegion } from "./scroll-region.ts";
import { swatch } from "./swatch.ts";

/** The table of the first head's classes; those that are neither labelled nor predicted are only counted. */
export function segmentationClassesSection({ classes, scores }: SegmentationSetResult): Markup {
  const { iou, accuracy, boundaryIou, labelled, predicted } = scores[0]!.perClass;
  const colours = classColours(classes.length);
  const present = classes.flatMap((name, label) => {
    const share = iou[label]!;
    return share === null ? [] : [{ name, label, share }];
  });
  const sorted = present.toSorted((a, b) => b.share - a.share || a.label - b.label);
  const absent = classes.length - present.length;
  return html`<section aria-labelledby="classes">
    <h2 id="classes">Classes</h2>
    ${scrollRegion(
      "Table of classes",
      html`<table class="scores classes">
        <thead>
          <tr>
            <th scope="col">class</th>
            <th scope="col">IoU, %</th>
            <th scope="col">accuracy, %</th>
            <th scope="col">boundary IoU, %</th>
            <th scope="col">labelled pixels</th>
            <th scope="col">predicted pixels</th>
          </tr>
        </thead>
        <tbody>
          ${sorted.map(
            ({ name, label, share }) =>
              html`<tr>
                <th scope="row">${swatch(colours[label]!)}${name}</th>
                <td>
                  <span class="track"
                    ><span class="fill" style="width:${digits(100 * share)}%"></span></span
                  ><strong>${decimals(100 * share, 2)}</strong>
                </td>
                <td>${decimals(percentOf(accuracy[label]!), 2)}</td>
                <td>${decimals(percentOf(boundaryIou[label]!), 2)}</td>
                <td>${labelled[label]!.toLocaleString("en-US")}</td>
                <td>${predicted[label]!.toLocaleString("en-US")}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}
    ${
      absent > 0 &&
      html`<p class="remark">
        Neither labelled nor predicted: ${absent} of ${classes.length} classes.
      </p>`
    }
  </section>`;
}
