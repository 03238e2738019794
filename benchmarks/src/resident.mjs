// @ts-check
// The resident set of this process, from Linux's /proc, and its peak since a moment; and what a training's peak is made
// of.

import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Of /proc/self/status, in MB of 10⁶ bytes. @param {"VmRSS" | "VmHWM"} field */
export function residentMB(field) {
  const [, kibibytes] =
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return (Number(kibibytes) * 1024) / 1e6;
}

/** Collects what is not needed and starts the peak anew; returns the resident set, in MB. Needs node --expose-gc. */
export async function startPeak() {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error("needs node --expose-gc");
  // What is freed goes back in more than one turn of the loop.
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await setTimeout(20);
  }
  const resident = residentMB("VmRSS");
  writeFileSync("/proc/self/clear_refs", "5");
  return resident;
}

/**
 * Memory of a training: above the baseline, and of that the activations. Whoever keeps the next state until the step is
 * known to be good, where others overwrite, has it in the peak.
 *
 * @param {{ stateMB: number, baselineMB: number, peakMB: number }} seen
 * @param {{ nextStates: number }} parts
 */
export function memoryOf({ stateMB, baselineMB, peakMB }, { nextStates }) {
  const aboveState = peakMB - baselineMB;
  return {
    stateMB: Math.round(stateMB),
    baselineMB: Math.round(baselineMB),
    peakMB: Math.round(peakMB),
    aboveStateMB: Math.round(aboveState),
    activationsMB: Math.round(aboveState - nextStates * stateMB),
  };
}
