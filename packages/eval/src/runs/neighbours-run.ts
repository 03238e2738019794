// `knn`: nothing is trained; the training pictures vote by how near they are. One result for each number of neighbours.

import { EvalError } from "../errors.ts";
import type { FeatureRows } from "../knn/feature-rows.ts";
import { findNeighbours } from "../knn/find-neighbours.ts";
import { voteOfNeighbours } from "../knn/vote.ts";
import type { NeighboursProtocol } from "../protocols/protocol.ts";
import type { SetResult } from "../results/result.ts";
import { createEncoderPool } from "./encoders.ts";
import {
  extractionSeconds,
  extractShards,
  extractVal,
  type FeatureShards,
  type ShardRows,
} from "./feature-shards.ts";
import { createProgress } from "./progress.ts";
import type { RunOptions, RunOutcome } from "./run-options.ts";
import { collectScores } from "./set-scores.ts";
import { createStopwatch } from "./stopwatch.ts";
import { picturesOfClasses, trainingLabels } from "./training-pictures.ts";

/** Runs the protocol, or goes on with it. */
export async function runNeighbours(
  protocol: NeighboursProtocol,
  options: RunOptions,
): Promise<RunOutcome> {
  const { train, val, runtime, decode, storage, onEvent = () => {}, signal, costs } = options;
  const { neighbours, temperature, unreadable, seed, perClass } = protocol;
  const classes = train.classes.length;
  const labels = await trainingLabels(train);
  const pictures = picturesOfClasses(labels, { seed, most: perClass, classes });
  const encoders = createEncoderPool(options.encoders);
  const queries = val.reduce((sum, { length }) => sum + length, 0);
  const progress = createProgress(
    [
      { stage: "encode-train", total: pictures.length, unit: "pictures", cost: costs?.picture },
      { stage: "encode-val", total: queries, unit: "pictures", cost: costs?.picture },
      { stage: "evaluate", total: queries, unit: "pictures", cost: 0 },
    ],
    onEvent,
  );
  const { orientation } = protocol;
  const parts = { encoders, decode, orientation, storage, progress, onEvent, signal };
  const watch = createStopwatch();
  const bank = await extractShards(train, {
    ...parts,
    pictures,
    folder: "features/train",
    stage: "encode-train",
    unreadable: unreadable.train === "fail" ? "fail" : "go-on",
  });
  const valShards = await extractVal(val, { ...parts, unreadable: unreadable.val });
  watch.add("features", extractionSeconds([bank, ...valShards]));
  const most = Math.max(...neighbours);
  if (bank.total < most) {
    throw new EvalError(
      "invalid-data",
      `expected at least ${most} training pictures, one for each neighbour, found ${bank.total}`,
    );
  }
  const bankLabels = await labelsOfRows(bank, labels);
  const columns = protocol.feature === "class-token" ? 0 : encoders.width;
  const rows = (shards: FeatureShards): FeatureRows =>
    rowsOfShards(shards, { first: columns, width: encoders.width });

  const sets: SetResult[] = [];
  await watch.time("evaluation", async () => {
    for (const [at, set] of val.entries()) {
      const shards = valShards[at]!;
      const scores = collectScores(set, {
        classes: train.classes,
        heads: neighbours.length,
        scores: "shares",
        unreadable: unreadable.val,
      });
      const index = await indexOfRows(shards);
      const search = findNeighbours(runtime, {
        queries: rows(shards),
        bank: rows(bank),
        neighbours: most,
        ...(signal !== undefined && { signal }),
      });
      let begin = performance.now();
      for await (const found of search) {
        const shares = neighbours.map((count) =>
          voteOfNeighbours(found, { labels: bankLabels, classes, neighbours: count, temperature }),
        );
        await scores.add(index.subarray(found.start, found.start + found.count), shares);
        const now = performance.now();
        progress.advance("evaluate", { count: found.count, milliseconds: now - begin });
        begin = now;
      }
      await scores.addUnreadable(shards.unreadable);
      progress.skip("evaluate", shards.unreadable.length);
      sets.push(scores.result());
    }
  });
  return {
    grid: [],
    curves: [],
    heads: neighbours.map((count) => ({
      name: `k = ${count}`,
      epoch: null,
      choice: "every number of neighbours of the protocol",
    })),
    sets,
    warnings: [],
    times: watch.facts(0),
  };
}

/** Some columns of shards as rows that are read a block at a time; the shard that was read last is kept. */
function rowsOfShards(
  shards: FeatureShards,
  { first, width }: { readonly first: number; readonly width: number },
): FeatureRows {
  const starts: number[] = [];
  let length = 0;
  for (const rows of shards.rows) {
    starts.push(length);
    length += rows;
  }
  let kept: { readonly shard: number; readonly rows: ShardRows } | undefined;
  return {
    length,
    width,
    async read(start, end, signal) {
      const data = new Float32Array((end - start) * width);
      for (const [shard, begin] of starts.entries()) {
        const stop = begin + shards.rows[shard]!;
        if (stop <= start || begin >= end) continue;
        signal?.throwIfAborted();
        if (kept?.shard !== shard) kept = { shard, rows: await shards.read(shard) };
        const { features } = kept.rows;
        for (let row = Math.max(begin, start); row < Math.min(stop, end); row++) {
          const at = (row - begin) * shards.width + first;
          data.set(features.subarray(at, at + width), (row - start) * width);
        }
      }
      return data;
    },
  };
}

/** The picture of every row. */
async function indexOfRows(shards: FeatureShards): Promise<Int32Array> {
  const all = new Int32Array(shards.total);
  let at = 0;
  for (let shard = 0; shard < shards.rows.length; shard++) {
    const { index } = await shards.read(shard);
    all.set(index, at);
    at += index.length;
  }
  return all;
}

async function labelsOfRows(shards: FeatureShards, labels: Int32Array): Promise<Int32Array> {
  return (await indexOfRows(shards)).map((index) => labels[index]!);
}
