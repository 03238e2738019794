// Events for people: results on stdout; notices, failures and progress on stderr. Progress only on a terminal.

import type { Report } from "../events.ts";
import type { OutputStream } from "./output-stream.ts";
import { createProgressLine } from "./progress-line.ts";

/** Where text for people goes. */
export interface TerminalStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** A report as text. */
export function createTerminalReport({ stdout, stderr }: TerminalStreams): Report {
  const progress = stderr.isTTY === true ? createProgressLine(stderr) : undefined;
  return (event) => {
    if (event.event === "progress") {
      progress?.show(event);
      return;
    }
    progress?.clear();
    switch (event.event) {
      case "notice":
        stderr.write(`note: ${event.message}\n`);
        break;
      case "failed":
        stderr.write(`failed: ${event.message}\n`);
        break;
      case "result":
        stdout.write(`${event.text}\n`);
        if (event.problem !== undefined) stderr.write(`error: ${event.problem}\n`);
        break;
      case "error":
        stderr.write(`error: ${event.message}\n`);
        break;
    }
  };
}
