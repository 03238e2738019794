// @ts-check
// The sides of the browser benchmark taking turns, and how their times are summed up.

import { median } from "./environment.mjs";

/**
 * What one side needed. `timesPeer` is the median of the ratios turn by turn, null without a peer; `cpuMs` what all
 * threads computed in a turn.
 * @typedef {object} Times
 * @property {number} medianMs
 * @property {number} fastestMs
 * @property {number} cpuMs
 * @property {number | null} timesPeer
 * @property {number | null} fastestTimesPeer
 */

/**
 * `takeTurns(sides, { count, measure })` lets sides take turns, in another order each round; `measure` gives
 * milliseconds of a side.
 * @param {() => Promise<number>} computed processor time so far, in milliseconds
 */
export function turnsOf(computed) {
  /**
   * @param {readonly { isPeer: boolean }[]} sides
   * @param {{ count: number, measure: (side: number) => Promise<number> }} turns
   */
  return async (sides, { count, measure }) => {
    const order = [...sides.keys()];
    const times = order.map(() => /** @type {number[]} */ ([]));
    const loads = order.map(() => /** @type {number[]} */ ([]));
    for (let round = 0; round < count; round++) {
      for (const side of round % 2 === 0 ? order : order.toReversed()) {
        const before = await computed();
        times[side]?.push(await measure(side));
        loads[side]?.push((await computed()) - before);
      }
    }
    const peer = times[sides.findIndex(({ isPeer }) => isPeer)];
    return times.map((own, side) => summary({ own, peer, load: loads[side] ?? [] }));
  };
}

/** @param {{ own: number[], peer: number[] | undefined, load: number[] }} measured @returns {Times} */
function summary({ own, peer, load }) {
  const fastest = Math.min(...own);
  const ratios = peer && own.map((ms, i) => ms / (peer[i] ?? Number.NaN));
  return {
    medianMs: round(median(own), 1),
    fastestMs: round(fastest, 1),
    cpuMs: round(median(load), 0),
    timesPeer: ratios === undefined ? null : round(median(ratios), 3),
    fastestTimesPeer: peer === undefined ? null : round(fastest / Math.min(...peer), 3),
  };
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}

/** Long tasks in short. @param {readonly { ms: number }[]} tasks */
export function longest(tasks) {
  return { count: tasks.length, longestMs: Math.round(Math.max(0, ...tasks.map(({ ms }) => ms))) };
}
