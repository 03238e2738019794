import { findNeighbours, rowsInMemory, voteOfNeighbours } from "@internvit/eval";
import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import { describeKnn } from "./describe-knn.ts";

const createRuntime = () => createNodeRuntime({ threads: 1 });
describeKnn("CPU", createRuntime);

const rows = (count: number) => rowsInMemory(new Float32Array(count * 4).fill(1), { width: 4 });

test("refuses what has no answer", async () => {
  const search = { queries: rows(2), bank: rows(3), neighbours: 4 };
  await expect(findNeighbours(createRuntime(), search).next()).rejects.toThrow(
    "expected from 1 to 3, the rows of the bank, found 4",
  );
  const narrow = {
    ...search,
    neighbours: 1,
    bank: rowsInMemory(new Float32Array(6), { width: 3 }),
  };
  await expect(findNeighbours(createRuntime(), narrow).next()).rejects.toThrow(
    "queries of 4 features in a bank of 3",
  );
  const bank = rowsInMemory(new Float32Array([1, 2, 3, NaN]), { width: 2 });
  const queries = rowsInMemory(new Float32Array([1, 2]), { width: 2 });
  await expect(
    findNeighbours(createRuntime(), { queries, bank, neighbours: 1 }).next(),
  ).rejects.toThrow("row 1 of the bank: a feature is NaN");
  expect(() => rowsInMemory(new Float32Array(5), { width: 2 })).toThrow("rows of 2 values");
});

test("an aborted search ends with the signal's reason", async () => {
  const search = { queries: rows(2), bank: rows(3), neighbours: 1 };
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(findNeighbours(createRuntime(), { ...search, signal }).next()).rejects.toThrow(
    "enough",
  );
});

test("a label that is no class is refused by the row of the bank", async () => {
  const found = {
    start: 0,
    count: 1,
    neighbours: 1,
    rows: Int32Array.of(2),
    similarities: Float32Array.of(1),
  };
  const vote = (labels: Int32Array) => voteOfNeighbours(found, { labels, classes: 2 });
  expect(() => vote(Int32Array.of(0, 1, 2))).toThrow("row 2 of the bank");
  expect(() => vote(Int32Array.of(0, 1))).toThrow("row 2 of the bank");
});
