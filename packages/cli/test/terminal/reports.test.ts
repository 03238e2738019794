import { describe, expect, it } from "vitest";

import type { CliEvent, ProgressEvent } from "../../src/events.ts";
import { createJsonReport } from "../../src/terminal/json-report.ts";
import type { OutputStream } from "../../src/terminal/output-stream.ts";
import { createProgressLine, describeProgress } from "../../src/terminal/progress-line.ts";
import { createTerminalReport } from "../../src/terminal/terminal-report.ts";

const ERASE = "\r\u001B[2K";

function stream(
  options: Partial<OutputStream> = {},
): OutputStream & { readonly written: string[] } {
  const written: string[] = [];
  return { ...options, written, write: (text) => written.push(text) };
}

function progress(done: number, total: number): ProgressEvent {
  return { event: "progress", stage: "encode", done, total, unit: "images", file: "a.jpg" };
}

const EVENTS: readonly CliEvent[] = [
  { event: "notice", message: "mind the gap" },
  progress(1, 2),
  { event: "failed", file: "b.jpg", code: "malformed", message: "b.jpg is broken" },
  {
    event: "result",
    command: "embed",
    facts: { images: 1 },
    text: "done",
    problem: "b is missing",
  },
  { event: "error", code: "io", message: "no" },
];

describe("reports", () => {
  it("tell people results on stdout and the rest on stderr, progress only on a terminal", () => {
    const [stdout, stderr] = [stream(), stream()];
    const report = createTerminalReport({ stdout, stderr });
    for (const event of EVENTS) report(event);
    expect(stdout.written).toEqual(["done\n"]);
    expect(stderr.written).toEqual([
      "note: mind the gap\n",
      "failed: b.jpg is broken\n",
      "error: b is missing\n",
      "error: no\n",
    ]);
  });

  it("erase the progress line before anything else", () => {
    const [stdout, stderr] = [stream(), stream({ isTTY: true, columns: 40 })];
    const report = createTerminalReport({ stdout, stderr });
    report(progress(1, 2));
    report({ event: "notice", message: "mind the gap" });
    expect(stderr.written[0]).toMatch(/encode █+░+ 1 of 2/);
    expect(stderr.written[0]!.length).toBe(ERASE.length + 39);
    expect(stderr.written.slice(1)).toEqual([ERASE, "note: mind the gap\n"]);
  });

  it("tell programs one line of JSON each", () => {
    const [stdout, stderr] = [stream(), stream()];
    const report = createJsonReport({ stdout, stderr });
    for (const event of EVENTS) report(event);
    const lines = stdout.written.map((line) => JSON.parse(line));
    expect(lines.map(({ event }) => event)).toEqual(EVENTS.map(({ event }) => event));
    expect(lines[3]).toEqual({
      event: "result",
      command: "embed",
      images: 1,
      problem: "b is missing",
    });
    expect(stdout.written.every((line) => line.indexOf("\n") === line.length - 1)).toBe(true);
    expect(stderr.written).toEqual([
      "failed: b.jpg is broken\n",
      "error: b is missing\n",
      "error: no\n",
    ]);
  });

  it("draw the progress line at most ten times a second, and its end always", () => {
    let time = 0;
    const terminal = stream({ isTTY: true, columns: 200 });
    const line = createProgressLine(terminal, () => time);
    for (; time < 1000; time += 10) line.show(progress(time / 10, 101));
    expect(terminal.written).toHaveLength(10);
    line.show(progress(101, 101));
    expect(terminal.written.at(-2)).toContain("101 of 101");
    expect(terminal.written.at(-1)).toBe(ERASE);
  });

  it("say how long it will take still", () => {
    const event: ProgressEvent = { ...progress(250_000_000, 1_000_000_000), unit: "bytes" };
    expect(describeProgress(event, 1000)).toContain("250.0 MB of 1.0 GB  3.00 s left");
  });

  it("say how fast it is and what each step does, where the command knows", () => {
    const event: ProgressEvent = {
      event: "progress",
      stage: "extract",
      done: 30,
      total: 90,
      unit: "images",
      imagesPerSecond: 1.254,
      remainingMilliseconds: 47_850,
      occupancy: { read: 0.004, decode: 0.02, run: 0.973 },
    };
    expect(describeProgress(event, 5000)).toMatch(
      / 30 of 90 {2}1.25 images\/s {2}47.85 s left {2}read 0 % decode 2 % run 97 %$/,
    );
  });
});
