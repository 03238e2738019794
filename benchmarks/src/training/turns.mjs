// @ts-check
// Sides that train in turns, several steps each.

import { setTimeout } from "node:timers/promises";

import { median } from "../environment.mjs";
import { shuffled } from "../take-turns.mjs";

/** Threads of either side wait for more work for a while, busily; nobody begins before they sleep. */
const PAUSE_MS = 250;

/** Milliseconds of one step, by the clock and of all processors. @typedef {{ ms: number, cpuMs: number }} StepTime */
/** `run` does so many steps. @typedef {{ name: string, run: (steps: number) => Promise<StepTime>, close: () => unknown }} Side */

/**
 * Times of a step, medians over the rounds, and the ratios of the last side to each other one, round by round. Every
 * turn begins with a step that is not counted. Closes the sides.
 * @param {readonly Side[]} sides
 * @param {{ rounds: number, steps: number }} options
 */
export async function takeSteps(sides, { rounds, steps }) {
  /** @type {StepTime[][]} */
  const times = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const at of shuffled(sides.length)) {
      await setTimeout(PAUSE_MS);
      await sides[at]?.run(1);
      const time = await sides[at]?.run(steps);
      if (time !== undefined) times[at]?.push(time);
    }
  }
  for (const { close } of sides.toReversed()) await close();
  return sides.map(({ name }, at) => {
    const clock = compare(times, { at, key: "ms" });
    const processors = compare(times, { at, key: "cpuMs" });
    return {
      who: name,
      ms: round(clock.median, 1),
      fastest: round(clock.fastest, 1),
      internvitTimes: round(clock.ratio, 3),
      ofFastest: round(clock.ratioOfFastest, 3),
      cpuMs: round(processors.median, 1),
      internvitCpuTimes: round(processors.ratio, 3),
    };
  });
}

/**
 * Runs steps in this process and its threads.
 * @param {number} steps
 * @param {() => Promise<unknown>} step
 * @returns {Promise<StepTime>}
 */
export async function timeSteps(steps, step) {
  const before = process.cpuUsage();
  const begin = performance.now();
  for (let count = 0; count < steps; count++) await step();
  const ms = (performance.now() - begin) / steps;
  const { user, system } = process.cpuUsage(before);
  return { ms, cpuMs: (user + system) / 1e3 / steps };
}

/** @param {readonly (readonly StepTime[])[]} times @param {{ at: number, key: keyof StepTime }} column */
function compare(times, { at, key }) {
  const all = (times[at] ?? []).map((time) => time[key]);
  const own = (times.at(-1) ?? []).map((time) => time[key]);
  return {
    median: median(all),
    fastest: Math.min(...all),
    ratio: median(own.map((ms, turn) => ms / (all[turn] ?? Number.NaN))),
    ratioOfFastest: Math.min(...own) / Math.min(...all),
  };
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}
