// What a run of `internvit eval` says while it works, as events of this program.

import { isEvalError, placeOf, reasonOf, type RunEvent } from "@internvit/eval";

import type { CommandContext } from "../context.ts";
import { isCliError } from "../errors.ts";
import type { FailedEvent, Report } from "../events.ts";

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
        return report(failedPicture({ ...event.picture, code: "unreadable" }));
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

/** A picture of a set that cannot be used: the set, the file and the reason, each once. */
export function failedPicture(picture: {
  /** Name of the set. */
  readonly set: string;
  /** Where the set is. */
  readonly origin: string;
  readonly key: string;
  readonly code: string;
  readonly message: string;
}): FailedEvent {
  const file = placeOf(picture);
  const message = `${picture.set}: ${file}: ${reasonOf(picture)}`;
  return { event: "failed", file, code: picture.code, message };
}

/** Does the work of a run, and says how to go on with it when the process is asked to end, or what it reads or writes fails. */
export async function goingOn<T>(
  work: () => Promise<T>,
  { report, signal }: Pick<CommandContext, "report" | "signal">,
): Promise<T> {
  const advice = "what is done stays, and the same command with --resume goes on from there";
  const say = (): void => report({ event: "notice", message: `ending; ${advice}` });
  signal.addEventListener("abort", say, { once: true });
  try {
    return await work();
  } catch (error) {
    const failed = (isEvalError(error) && error.code === "io") || isCliError(error);
    if (failed && !signal.aborted) report({ event: "notice", message: advice });
    throw error;
  } finally {
    signal.removeEventListener("abort", say);
  }
}
