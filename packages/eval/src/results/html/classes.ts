// Accuracy by class: every class by name where that is a page, and the whole profile where there are a thousand.

import type { PerClass } from "../../scoring/score.ts";
import { decimals } from "../text-table.ts";
import { digits, drawAxes, figure, percentAxis, placeX, placeY, roundAxis } from "./axes.ts";
import { html, type Markup } from "./markup.ts";

/** More classes than this are a profile instead of a list. */
const LISTED_CLASSES = 40;

interface ClassAccuracy {
  readonly name: string;
  readonly pictures: number;
  readonly correct: number;
  /** Percent. */
  readonly accuracy: number;
}

/** What a label is called. */
export function className(names: readonly string[], label: number): string {
  return names[label] ?? `class ${label}`;
}

/** The figure of a set; nothing where no class has pictures. */
export function classesFigure(
  { pictures, top1Correct }: PerClass,
  names: readonly string[],
): Markup | null {
  const classes = pictures.flatMap((count, label): readonly ClassAccuracy[] => {
    const correct = top1Correct[label]!;
    const accuracy = (100 * correct) / count;
    return count === 0
      ? []
      : [{ name: className(names, label), pictures: count, correct, accuracy }];
  });
  if (classes.length === 0) return null;
  const sorted = classes.toSorted((a, b) => b.accuracy - a.accuracy);
  const empty = pictures.length - classes.length;
  const remark =
    empty === 0
      ? null
      : html`<p class="remark">Without pictures: ${empty} of ${pictures.length} classes.</p>`;
  return sorted.length <= LISTED_CLASSES ? list(sorted, remark) : profile(sorted, remark);
}

function list(classes: readonly ClassAccuracy[], remark: Markup | null): Markup {
  return html`<figure>
    <figcaption>Accuracy by class</figcaption>
    <table class="bars">
      <thead>
        <tr>
          <th scope="col">class</th>
          <th scope="col">top-1, %</th>
          <th scope="col" class="number">right</th>
        </tr>
      </thead>
      <tbody>
        ${classes.map(
          ({ name, pictures, correct, accuracy }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>
                <span class="track"
                  ><span class="fill" style="width:${digits(accuracy)}%"></span></span
                ><span class="value">${decimals(accuracy, 1)}</span>
              </td>
              <td class="number">${correct} / ${pictures}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${remark}
  </figure>`;
}

function profile(classes: readonly ClassAccuracy[], remark: Markup | null): Markup {
  const x = roundAxis([0, classes.length], { label: "classes, best first", count: 4, whole: true });
  const y = percentAxis("top-1, %");
  const places = classes.map(
    ({ accuracy }, at) => `${digits(placeX(at + 0.5, x))} ${digits(placeY(accuracy, y))}`,
  );
  const base = digits(placeY(0, y));
  const middle = classes[classes.length >> 1]!.accuracy;
  const whole = classes.filter(({ accuracy }) => accuracy === 100).length;
  const below = classes.filter(({ accuracy }) => accuracy < 50).length;
  const facts = `median ${decimals(middle, 1)} %; ${whole} of ${classes.length} classes at 100 %, ${below} below 50 %`;
  return figure("Accuracy by class", {
    drawing: html`${drawAxes({ x, y })}
      <path
        class="area"
        d="M${digits(placeX(0.5, x))} ${base}L${places.join("L")}L${digits(placeX(classes.length - 0.5, x))} ${base}Z"
      />
      <path class="line s0" d="M${places.join("L")}" />`,
    summary: facts,
    below: html`<p class="remark">${facts}.</p>
      ${remark}`,
  });
}
