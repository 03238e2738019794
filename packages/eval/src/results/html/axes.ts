// Axes of a diagram: round ticks, grid lines, and where a value is drawn. Diagrams are 360 units wide, so that their
// text is read on a telephone as on a page; wider columns scale them up.

import { html, type Markup } from "./markup.ts";

/** Size of a diagram, and of the margins that hold its labels, in units. */
export const FRAME = { width: 360, height: 236, left: 54, right: 18, top: 10, bottom: 38 } as const;

/** One axis. */
export interface Axis {
  readonly minimum: number;
  readonly maximum: number;
  readonly ticks: readonly number[];
  readonly label: string;
  readonly format: (value: number) => string;
}

/** What a round axis is made by. */
export interface RoundAxisOptions {
  readonly label: string;
  /** Ticks, about; default 5. */
  readonly count?: number;
  /** Whether there is nothing between whole numbers, as with steps and classes; default false. */
  readonly whole?: boolean;
}

/** An axis with round ticks that holds all values. */
export function roundAxis(
  values: readonly number[],
  { label, count = 5, whole = false }: RoundAxisOptions,
): Axis {
  // Not Math.min(...values): there may be more values than a call takes arguments.
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // Around a single value, but not below 0 for what is never there.
  if (low === high) [low, high] = [low < 0 ? low - 0.5 : Math.max(0, low - 0.5), high + 0.5];
  const rounded = roundStep((high - low) / count);
  const step = whole ? Math.max(1, rounded) : rounded;
  const first = Math.floor(low / step);
  const ticks: number[] = [];
  for (let at = first; (at - 1) * step < high; at += 1) ticks.push(at * step);
  const places = Math.max(0, firstPlace(step));
  return {
    minimum: first * step,
    maximum: ticks.at(-1)!,
    ticks,
    label,
    format: (value) => shortNumber(value, places),
  };
}

/** An axis from 0 to 100 percent. */
export function percentAxis(label: string): Axis {
  return {
    minimum: 0,
    maximum: 100,
    ticks: [0, 20, 40, 60, 80, 100],
    label,
    format: (value) => String(value),
  };
}

function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= step * 0.999)!;
}

function shortNumber(value: number, places: number): string {
  if (Math.abs(value) >= 10_000) return `${value / 1000}k`;
  if (places <= 4) return value.toFixed(places).replace("-", "−");
  // More decimals than there is room for: as many digits as tell one tick from the next.
  if (value === 0) return "0";
  const behindFirst = Math.max(0, places - firstPlace(Math.abs(value)));
  return value.toExponential(behindFirst).replace("-", "−");
}

/** The decimal place at which a number begins: 2 for 0.05. Its logarithm may be a little below a whole number. */
function firstPlace(value: number): number {
  return -Math.floor(Math.log10(value) + 1e-9);
}

/** Horizontal place of a value. */
export function placeX(value: number, { minimum, maximum }: Axis): number {
  const share = (value - minimum) / (maximum - minimum);
  return FRAME.left + share * (FRAME.width - FRAME.left - FRAME.right);
}

/** Vertical place of a value. */
export function placeY(value: number, { minimum, maximum }: Axis): number {
  const share = (value - minimum) / (maximum - minimum);
  return FRAME.height - FRAME.bottom - share * (FRAME.height - FRAME.top - FRAME.bottom);
}

/** A coordinate with as many digits as are seen. */
export function digits(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Grid lines, tick labels and the names of both axes. */
export function drawAxes({ x, y }: { readonly x: Axis; readonly y: Axis }): Markup {
  const { width, height, left, right, top, bottom } = FRAME;
  const rows = y.ticks.map((tick) => {
    const at = digits(placeY(tick, y));
    return html`<line class="rule" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" /><text
        x="${left - 6}"
        y="${at}"
        dy="0.35em"
        text-anchor="end"
      >
        ${y.format(tick)}
      </text>`;
  });
  const columns = x.ticks.map((tick) => {
    const at = digits(placeX(tick, x));
    return html`<text x="${at}" y="${height - bottom + 15}" text-anchor="middle">
      ${x.format(tick)}
    </text>`;
  });
  return html`${rows}${columns}
    <text class="name" x="${(left + width - right) / 2}" y="${height - 5}" text-anchor="middle">
      ${x.label}
    </text>
    <text
      class="name"
      transform="translate(10 ${(top + height - bottom) / 2}) rotate(-90)"
      text-anchor="middle"
    >
      ${y.label}
    </text>`;
}

/** A diagram with a heading, which also says what is in it. */
export function figure(title: string, { drawing, summary, below = null }: Figure): Markup {
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg
      viewBox="0 0 ${FRAME.width} ${FRAME.height}"
      role="img"
      aria-label="${`${title}: ${summary}`}"
    >
      ${drawing}
    </svg>
    ${below}
  </figure>`;
}

/** What `figure` shows. */
export interface Figure {
  readonly drawing: Markup;
  /** The same for who cannot see it. */
  readonly summary: string;
  /** A legend or remark. */
  readonly below?: Markup | null;
}
