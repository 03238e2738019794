// One line at the bottom of a terminal that is drawn over itself: a bar, how far, how long still.

import type { ProgressEvent } from "../events.ts";
import type { OutputStream } from "./output-stream.ts";
import { formatBytes, formatCount, formatDuration } from "./quantities.ts";

const REDRAW_MILLISECONDS = 100;
const BAR_WIDTH = 24;
/** Before that an estimate would only jump about. */
const ESTIMATE_AFTER_MILLISECONDS = 1000;
const ERASE_LINE = "\r\u001B[2K";

/** A progress line; `clear` before anything else is written to the same terminal. */
export interface ProgressLine {
  show(event: ProgressEvent): void;
  clear(): void;
}

/** A progress line on a terminal. */
export function createProgressLine(
  stream: OutputStream,
  now: () => number = () => performance.now(),
): ProgressLine {
  let stage: string | undefined;
  let begin = 0;
  let drawn = Number.NEGATIVE_INFINITY;
  let visible = false;
  const clear = (): void => {
    if (visible) stream.write(ERASE_LINE);
    visible = false;
    drawn = Number.NEGATIVE_INFINITY;
  };
  return {
    show(event) {
      const time = now();
      if (event.stage !== stage) {
        stage = event.stage;
        begin = time;
      }
      const finished = event.done >= event.total;
      if (!finished && time - drawn < REDRAW_MILLISECONDS) return;
      const line = describeProgress(event, time - begin);
      // One column is left free: a full line would wrap, and then not be erased.
      stream.write(ERASE_LINE + line.slice(0, (stream.columns ?? 80) - 1));
      visible = true;
      drawn = time;
      if (finished) clear();
    },
    clear,
  };
}

/** The text of a progress line, `elapsed` milliseconds after its stage began. */
export function describeProgress(event: ProgressEvent, elapsed: number): string {
  const { stage, done, total, unit, file, imagesPerSecond, occupancy = {} } = event;
  const share = total > 0 ? Math.min(done / total, 1) : 1;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const amount =
    unit === "bytes"
      ? `${formatBytes(done)} of ${formatBytes(total)}`
      : `${formatCount(done)} of ${formatCount(total)}`;
  const predictable = share > 0 && share < 1 && elapsed >= ESTIMATE_AFTER_MILLISECONDS;
  const estimate = event.remainingMilliseconds ?? (elapsed * (1 - share)) / share;
  const left = predictable ? estimate : undefined;
  const busy = Object.entries(occupancy).map(
    ([step, part]) => `${step} ${Math.round(part * 100)} %`,
  );
  return [
    `${stage} ${bar} ${amount}`,
    ...(imagesPerSecond === undefined ? [] : [`${imagesPerSecond.toFixed(2)} images/s`]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
    ...(busy.length === 0 ? [] : [busy.join(" ")]),
    ...(file === undefined ? [] : [file]),
  ].join("  ");
}
