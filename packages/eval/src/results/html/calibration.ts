// A reliability diagram: accuracy of each bin of confidence beside the diagonal of a calibrated model, and how many
// pictures are in each bin.

import type { Calibration } from "../../scoring/score.ts";
import { decimals } from "../text-table.ts";
import { digits, drawAxes, figure, percentAxis, placeX, placeY } from "./axes.ts";
import { html, type Markup } from "./markup.ts";

/** The diagram; nothing where no picture was answered. */
export function calibrationFigure({ bins, expectedError }: Calibration): Markup | null {
  const total = bins.reduce((sum, { pictures }) => sum + pictures, 0);
  if (total === 0 || expectedError === null) return null;
  const [x, y] = [percentAxis("confidence, %"), percentAxis("accuracy, %")];
  const width = 100 / bins.length;
  const bars = bins.map(({ pictures, correct, confidence }, at) => {
    if (pictures === 0 || confidence === null) return null;
    const accuracy = (100 * correct) / pictures;
    const [low, high] = [
      Math.min(accuracy, 100 * confidence),
      Math.max(accuracy, 100 * confidence),
    ];
    const said = `${decimals(at * width, 0)} to ${decimals((at + 1) * width, 0)} % confident: ${pictures} pictures, ${decimals(accuracy, 1)} % right`;
    const left = placeX(at * width, x) + 0.75;
    const size = placeX((at + 1) * width, x) - left - 0.75;
    const box = (from: number, to: number, kind: string): Markup =>
      html`<rect
        class="${kind}"
        x="${digits(left)}"
        width="${digits(size)}"
        y="${digits(placeY(to, y))}"
        height="${digits(placeY(from, y) - placeY(to, y))}"
      />`;
    return html`<g>
      <title>${said}</title>
      ${box(0, accuracy, "bar")}${box(low, high, "gap")}
      <text
        class="count"
        x="${digits(left + size / 2)}"
        y="${digits(placeY(Math.max(accuracy, high), y) - 3)}"
        text-anchor="middle"
        >${share(pictures, total)}</text
      >
    </g>`;
  });
  const diagonal = html`<path
    class="diagonal"
    d="M${digits(placeX(0, x))} ${digits(placeY(0, y))}L${digits(placeX(100, x))} ${digits(placeY(100, y))}"
  />`;
  const error = decimals(100 * expectedError, 2);
  return figure("Calibration", {
    drawing: html`${drawAxes({ x, y })}${bars}${diagonal}`,
    summary: `expected calibration error ${error} % over ${total} pictures`,
    below: html`<p class="remark">
      Expected calibration error ${error} %. Solid: share of right answers; hatched: between it and
      the mean confidence; above each bar: percent of the pictures. A calibrated model follows the
      dashed line.
    </p>`,
  });
}

function share(pictures: number, total: number): string {
  const percent = (100 * pictures) / total;
  return percent < 1 ? "<1" : percent.toFixed(0);
}
