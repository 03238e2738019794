// Learning curves: a diagram per name, a line per head.

import type { ClassificationResult, LearningCurve } from "../result.ts";
import { decimals } from "../text-table.ts";
import { type Axis, digits, drawAxes, figure, placeX, placeY, roundAxis } from "./axes.ts";
import { html, type Markup } from "./markup.ts";

/** Points of a line that can be told apart in a diagram. */
const DRAWN_POINTS = 700;
/** Points that are few enough to be marked. */
const DOTTED_POINTS = 24;
/** Lines that are told apart by colour and by dashes. */
const STYLES = 6;
const UNITS = { loss: "loss", percent: "%", rate: "rate", norm: "norm" } as const;

/** The section of the curves; nothing without curves. */
export function curvesSection({
  curves,
  grid,
}: Pick<ClassificationResult, "curves" | "grid">): Markup | null {
  const drawn = curves.filter(({ points }) => points.length > 0);
  const names = [...new Set(drawn.map(({ name }) => name))];
  if (names.length === 0) return null;
  const chosen = grid.findIndex((entry) => entry.chosen);
  return html`<section aria-labelledby="curves">
    <h2 id="curves">Learning curves</h2>
    <div class="figures">
      ${names.map((name) => {
        const own = curves.filter((curve) => curve.name === name);
        const lead = own.length === grid.length ? own[chosen] : undefined;
        return diagram(
          own.filter((curve) => drawn.includes(curve)),
          lead,
        );
      })}
    </div>
  </section>`;
}

/** The diagram of the lines of one name. Where there are many, one leads and the others are its background. */
function diagram(lines: readonly LearningCurve[], chosen: LearningCurve | undefined): Markup {
  const first = lines[0]!;
  const lead = lines.length > STYLES ? (chosen ?? first) : undefined;
  const limit = lead === undefined ? Infinity : limitBeside(lead);
  const all = lines.flatMap(({ points }) => points);
  const x = roundAxis(
    all.map(([at]) => at),
    { label: first.x, count: 4, whole: true },
  );
  const y = roundAxis(
    all.map(([, value]) => Math.min(value, limit)),
    { label: UNITS[first.unit] },
  );
  const background = lead === undefined ? [] : lines.filter((line) => line !== lead);
  const front = lead === undefined ? lines : [lead];
  const others = background.length;
  const paths = [
    ...background.map((line) => drawLine(line, { x, y, style: "other" })),
    ...front.map((line, at) => drawLine(line, { x, y, style: `s${at}` })),
  ];
  const ends = [
    ...front.map((line, at) => ({ text: endOf(line), style: `s${at}` })),
    ...(others === 0 ? [] : [{ text: `${others} other heads of the grid`, style: "other" }]),
  ];
  const legend = html`<ul class="legend">
    ${ends.map(
      ({ text, style }) =>
        html`<li>
          <svg viewBox="0 0 22 8" aria-hidden="true">
            <path class="line ${style}" d="M1 4H21" /></svg
          >${text}
        </li>`,
    )}
  </ul>`;
  return figure(first.name, {
    drawing: html`${drawAxes({ x, y })}<g clip-path="url(#plot)">${paths}</g>`,
    summary: ends.map(({ text }) => text).join("; "),
    below: legend,
  });
}

/** A head that diverges must not press the others flat: what is far above the leading line is cut off. */
function limitBeside({ points, unit }: LearningCurve): number {
  if (unit === "percent") return Infinity;
  return 1.5 * points.reduce((highest, [, value]) => Math.max(highest, value), 0);
}

function drawLine(
  { points }: LearningCurve,
  { x, y, style }: { readonly x: Axis; readonly y: Axis; readonly style: string },
): Markup {
  const places = thinned(points).map(([step, value]): readonly [string, string] => [
    digits(placeX(step, x)),
    digits(placeY(value, y)),
  ]);
  const dots = points.length > DOTTED_POINTS || style === "other" ? [] : places;
  return html`<path
      class="line ${style}"
      d="M${places.map((place) => place.join(" ")).join("L")}"
    />
    ${dots.map(([cx, cy]) => html`<circle class="dot ${style}" cx="${cx}" cy="${cy}" r="2.5" />`)}`;
}

function endOf({ line, points, x, unit }: LearningCurve): string {
  const [step, value] = points.at(-1)!;
  const name = line === "" ? "" : `${line} `;
  return `${name}ends at ${formatEnd(value, unit)} (${x} ${step})`;
}

/** Rates are of any size: three digits of them, wherever these are. */
function formatEnd(value: number, unit: LearningCurve["unit"]): string {
  if (unit === "rate") return String(Number(value.toPrecision(3))).replace("-", "−");
  return decimals(value, unit === "percent" ? 2 : 4);
}

/** Every n-th point, and the last. */
function thinned(points: LearningCurve["points"]): LearningCurve["points"] {
  const every = Math.ceil(points.length / DRAWN_POINTS);
  return points.filter((_, at) => at % every === 0 || at === points.length - 1);
}
