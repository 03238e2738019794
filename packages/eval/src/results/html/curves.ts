// Learning curves: a diagram per name, a line per head.

import type { LearningCurve } from "../result.ts";
import { decimals } from "../text-table.ts";
import { digits, drawAxes, figure, placeX, placeY, roundAxis } from "./axes.ts";
import { html, type Markup } from "./markup.ts";

/** Points of a line that can be told apart in a diagram. */
const DRAWN_POINTS = 700;
/** Lines are told apart by colour and by dashes. */
const STYLES = 6;
const UNITS = { loss: "loss", percent: "%", rate: "rate", norm: "norm" } as const;

/** The section of the curves; nothing without curves. */
export function curvesSection(curves: readonly LearningCurve[]): Markup | null {
  const names = [
    ...new Set(curves.filter(({ points }) => points.length > 0).map(({ name }) => name)),
  ];
  if (names.length === 0) return null;
  return html`<section aria-labelledby="curves">
    <h2 id="curves">Learning curves</h2>
    <div class="figures">
      ${names.map((name) =>
        diagram(
          name,
          curves.filter((curve) => curve.name === name),
        ),
      )}
    </div>
  </section>`;
}

function diagram(name: string, curves: readonly LearningCurve[]): Markup {
  const lines = curves.filter(({ points }) => points.length > 0);
  const all = lines.flatMap(({ points }) => points);
  const [{ x: unit, unit: measure } = { x: "step", unit: "loss" } as const] = lines;
  const x = roundAxis(
    all.map(([at]) => at),
    { label: unit, count: 4 },
  );
  const y = roundAxis(
    all.map(([, value]) => value),
    { label: UNITS[measure] },
  );
  const paths = lines.map(({ points }, at) => {
    const places = thinned(points).map(
      ([step, value]) => `${digits(placeX(step, x))} ${digits(placeY(value, y))}`,
    );
    const dots =
      points.length > 24
        ? []
        : points.map(
            ([step, value]) =>
              html`<circle
                class="dot s${at % STYLES}"
                cx="${digits(placeX(step, x))}"
                cy="${digits(placeY(value, y))}"
                r="2.5"
              />`,
          );
    return html`<path class="line s${at % STYLES}" d="M${places.join("L")}" />${dots}`;
  });
  const ends = lines.map(({ line, points }) => {
    const [step, value] = points.at(-1)!;
    return `${line === "" ? "" : `${line} `}ends at ${decimals(value, measure === "percent" ? 2 : 4)} (${unit} ${step})`;
  });
  const legend = html`<ul class="legend">
    ${lines.map(
      (_, at) =>
        html`<li>
          <svg viewBox="0 0 22 8" aria-hidden="true">
            <path class="line s${at % STYLES}" d="M1 4H21" /></svg
          >${ends[at]!}
        </li>`,
    )}
  </ul>`;
  return figure(name, {
    drawing: html`${drawAxes({ x, y })}${paths}`,
    summary: ends.join("; "),
    below: legend,
  });
}

/** Every n-th point, and the last. */
function thinned(points: LearningCurve["points"]): LearningCurve["points"] {
  const every = Math.ceil(points.length / DRAWN_POINTS);
  return points.filter((_, at) => at % every === 0 || at === points.length - 1);
}
