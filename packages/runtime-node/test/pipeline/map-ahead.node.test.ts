import { expect, it } from "vitest";

import { mapAhead } from "@internvit/runtime-node";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function refuseFromTwo(item: number): Promise<number> {
  if (item >= 2) throw new Error(`no ${item}`);
  return item;
}

it("keeps the order and never has more under way than it may", async () => {
  let underWay = 0;
  let most = 0;
  const map = async (item: number): Promise<number> => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, (item * 7) % 5));
    underWay--;
    return item * item;
  };
  const items = Array.from({ length: 20 }, (_, i) => i);
  expect(await collect(mapAhead(items, { ahead: 3, map }))).toEqual(items.map((i) => i * i));
  expect(most).toBeLessThanOrEqual(4);
  expect(most).toBeGreaterThan(1);
});

it("throws a rejection when its turn comes, and not before", async () => {
  const seen: number[] = [];
  await expect(async () => {
    for await (const item of mapAhead([0, 1, 2, 3], { ahead: 3, map: refuseFromTwo }))
      seen.push(item);
  }).rejects.toThrow("no 2");
  expect(seen).toEqual([0, 1]);
});

it("does nothing with nothing", async () => {
  expect(await collect(mapAhead([], { ahead: 2, map: async (item) => item }))).toEqual([]);
});
