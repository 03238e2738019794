// The grid of heads: held-out accuracy by learning rate and weight decay, the chosen head marked.

import type { GridEntry } from "../result.ts";
import { decimals } from "../text-table.ts";
import { digits } from "./axes.ts";
import { html, type Markup } from "./markup.ts";
import { scrollRegion } from "./scroll-region.ts";

/** The section of the grid; nothing where there is none. */
export function gridSection(grid: readonly GridEntry[]): Markup | null {
  if (grid.length === 0) return null;
  const rates = [...new Set(grid.map(({ learningRate }) => learningRate))].sort((a, b) => a - b);
  const decays = [...new Set(grid.map(({ weightDecay }) => weightDecay))].sort((a, b) => a - b);
  const scores = grid.flatMap(({ heldOut }) => (heldOut === null ? [] : [heldOut]));
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const cell = (rate: number, decay: number): Markup => {
    const entry = grid.find((one) => one.learningRate === rate && one.weightDecay === decay);
    if (entry === undefined) return html`<td class="heat">–</td>`;
    const { heldOut, trainLoss, chosen } = entry;
    const warmth = heldOut === null || high === low ? 0 : (heldOut - low) / (high - low);
    const loss = trainLoss === null ? "diverged" : `loss ${decimals(trainLoss, 3)}`;
    return html`<td class="heat${chosen ? " chosen" : ""}" style="--warmth:${digits(warmth)}">
      <strong>${decimals(heldOut, 2)}</strong
      >${chosen && html` <span class="mark">chosen</span>`}<br />
      <small>${loss}</small>
    </td>`;
  };
  return html`<section aria-labelledby="grid">
    <h2 id="grid">Grid of heads</h2>
    <p class="remark">
      Top-1 in percent on the held-out part of train, stronger colour is better; below it the mean
      training loss of the last epoch.
    </p>
    ${scrollRegion(
      "Table of the grid",
      html`<table class="grid">
        <thead>
          <tr>
            <th scope="col">learning rate</th>
            ${decays.map((decay) => html`<th scope="col">weight decay ${String(decay)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rates.map(
            (rate) =>
              html`<tr>
                <th scope="row">${String(rate)}</th>
                ${decays.map((decay) => cell(rate, decay))}
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}
  </section>`;
}
