// What a run of `internvit eval` says while it works, as events of this program.

import type { RunEvent } from "@internvit/eval";

import type { CommandContext } from "../context.ts";
import type { Report } from "../events.ts";

/** Milliseconds between two words about the progress. */
const PROGRESS_MILLISECONDS = 100;

/** Passes on what a run says; not every step of its progress. */
export function runEvents(report: Report): (event: RunEvent) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (event) => {
    switch (event.kind) {
      case "notice":
        return report({ event: "notice", message: event.message });
      case "unreadable": {
        const { key, message } = event.picture;
        return report({ event: "failed", file: key, code: "unreadable", message });
      }
      case "progress": {
        const { stage, done, total, unit, remainingMilliseconds } = event;
        const time = performance.now();
        if (done < total && time - last < PROGRESS_MILLISECONDS) return;
        last = time;
        return report({
          event: "progress",
          stage,
          done,
          total,
          unit: unit === "pictures" ? "images" : unit,
          ...(remainingMilliseconds !== undefined && { remainingMilliseconds }),
        });
      }
    }
  };
}

/** Says how to go on when the process is asked to end, until disposed of. */
export function noteOnEnding({
  report,
  signal,
}: Pick<CommandContext, "report" | "signal">): Disposable {
  const say = (): void => {
    const message =
      "ending; what is done stays, and the same command with --resume goes on from there";
    report({ event: "notice", message });
  };
  signal.addEventListener("abort", say, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", say) };
}
