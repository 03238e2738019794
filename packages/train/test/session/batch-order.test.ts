import { expect, test } from "vitest";

import { batchOrder } from "../../src/index.ts";

test("an epoch holds every row at most once, and the next one is in another order", () => {
  const order = batchOrder({ rows: 10, batch: 3, seed: 1 });
  const epoch = (first: number) => [0, 1, 2].flatMap((at) => [...order(first + at)]);
  expect(new Set(epoch(0)).size).toBe(9);
  expect(new Set(epoch(3)).size).toBe(9);
  expect(epoch(3)).not.toEqual(epoch(0));
});

test("the batch of an update depends on nothing but the seed", () => {
  const options = { rows: 100, batch: 7, seed: 5 };
  const walked = batchOrder(options);
  for (let step = 0; step < 40; step++) walked(step);
  expect(walked(40)).toEqual(batchOrder(options)(40));
  expect(walked(40)).not.toEqual(batchOrder({ ...options, seed: 6 })(40));
});

test("refuses a batch that is larger than the data", () => {
  expect(() => batchOrder({ rows: 4, batch: 5, seed: 0 })).toThrow(/1 to 4 rows, got 5/);
});
