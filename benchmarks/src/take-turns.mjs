// @ts-check
// Peers that do the same work in turns, so that another load on the machine falls on all of them.

import { median } from "./environment.mjs";

/** `run` encodes a batch and gives its milliseconds. @typedef {{ name: string, run: (batch: number) => Promise<number>, close: () => unknown }} Peer */

/**
 * Seconds per image of each peer, medians over the rounds, and the ratio to the first peer: round by round, and of the
 * fastest rounds. A first round, which warms up, is not counted. Closes the peers.
 * @param {readonly Peer[]} peers
 * @param {{ batches: readonly number[], rounds: number }} options
 */
export async function takeTurns(peers, { batches, rounds }) {
  const rows = [];
  for (const batch of batches) {
    /** @type {number[][]} */
    const times = peers.map(() => []);
    for (let round = 0; round <= rounds; round++) {
      for (const i of shuffled(peers.length)) {
        const seconds = ((await peers[i]?.run(batch)) ?? Number.NaN) / 1e3 / batch;
        if (round > 0) times[i]?.push(seconds);
      }
    }
    const [first = []] = times;
    for (const [i, peer] of peers.entries()) {
      const own = times[i] ?? [];
      rows.push({
        batch,
        peer: peer.name,
        secondsPerImage: Number(median(own).toFixed(3)),
        fastest: Number(Math.min(...own).toFixed(3)),
        ratioToFirst: Number(median(own.map((t, round) => t / (first[round] ?? 1))).toFixed(3)),
        ratioOfFastest: Number((Math.min(...own) / Math.min(...first)).toFixed(3)),
      });
    }
  }
  for (const peer of peers) await peer.close();
  return rows;
}

/** Another order each round: who comes first finds the caches as the last one left them. @param {number} count */
export function shuffled(count) {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}
