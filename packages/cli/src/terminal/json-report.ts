// Events for programs: one line of JSON each on stdout. Errors and failed pictures are said on stderr too, so that
// whoever reads only one of the two streams still learns of them.

import type { JsonValue } from "@internvit/model-core";

import type { CliEvent, Report } from "../events.ts";
import type { TerminalStreams } from "./terminal-report.ts";

/** A program needs no more than ten of them a second. */
const PROGRESS_MILLISECONDS = 100;

/** A report as newline-delimited JSON. */
export function createJsonReport({ stdout, stderr }: TerminalStreams): Report {
  let lastBytes = Number.NEGATIVE_INFINITY;
  return (event) => {
    if (event.event === "progress" && event.unit === "bytes" && event.done < event.total) {
      const time = performance.now();
      if (time - lastBytes < PROGRESS_MILLISECONDS) return;
      lastBytes = time;
    }
    stdout.write(`${JSON.stringify(toJson(event))}\n`);
    if (event.event === "error") stderr.write(`error: ${event.message}\n`);
    if (event.event === "failed") stderr.write(`failed: ${event.message}\n`);
    if (event.event === "result" && event.problem !== undefined) {
      stderr.write(`error: ${event.problem}\n`);
    }
  };
}

function toJson(event: CliEvent): JsonValue {
  if (event.event !== "result") return { ...event };
  const { command, facts, problem } = event;
  return { event: "result", command, ...facts, ...(problem === undefined ? {} : { problem }) };
}
