// What every runtime must do, told once. Beside the blocks stands the plain search: all cosines in float64, sorted.

import { findNeighbours, rowsInMemory, voteOfNeighbours } from "@internvit/eval";
import { createRandom, type GraphRuntime } from "@internvit/model-core";
import { describe, expect, test } from "vitest";

const WIDTH = 24;

/** Features whose cosines are far enough apart for float32 to order them. */
function drawRows(count: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count * WIDTH }, () => random.uniform() * 2 - 1);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const cosine = (a: Float32Array, b: Float32Array) =>
  dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) + 1e-24);

function plainSearch(queries: Float32Array, bank: Float32Array): number[][] {
  const row = (all: Float32Array, at: number) => all.subarray(at * WIDTH, (at + 1) * WIDTH);
  return Array.from({ length: queries.length / WIDTH }, (_, query) => {
    const near = Array.from({ length: bank.length / WIDTH }, (__, at) =>
      cosine(row(queries, query), row(bank, at)),
    );
    return [...near.keys()].sort((a, b) => near[b]! - near[a]! || a - b);
  });
}

/** Options of `searchAll`. */
interface SearchAllOptions {
  readonly queries: Float32Array;
  readonly bank: Float32Array;
  readonly neighbours: number;
  readonly queryBlock?: number;
  readonly bankBlock?: number;
}

/** Rows of the neighbours of every query. */
async function searchAll(runtime: GraphRuntime, options: SearchAllOptions): Promise<number[][]> {
  const all: number[][] = [];
  const search = findNeighbours(runtime, {
    ...options,
    queries: rowsInMemory(options.queries, { width: WIDTH }),
    bank: rowsInMemory(options.bank, { width: WIDTH }),
  });
  for await (const { start, count, neighbours, rows } of search) {
    expect(start).toBe(all.length);
    for (let at = 0; at < count; at += 1) {
      all.push([...rows.subarray(at * neighbours, (at + 1) * neighbours)]);
    }
  }
  return all;
}

/** Tests of the search on a runtime. */
export function describeKnn(name: string, createRuntime: () => GraphRuntime): void {
  describe(`nearest neighbours, ${name}`, () => {
    test.each([
      { queryBlock: 2048, bankBlock: 8192 },
      { queryBlock: 7, bankBlock: 41 },
      { queryBlock: 1, bankBlock: 3 },
    ])("agrees with the plain search in blocks of $queryBlock and $bankBlock", async (blocks) => {
      const [queries, bank] = [drawRows(13, 1), drawRows(157, 2)];
      const found = await searchAll(createRuntime(), { queries, bank, neighbours: 20, ...blocks });
      expect(found).toEqual(plainSearch(queries, bank).map((order) => order.slice(0, 20)));
    });

    test("of equal rows the lower one comes first, in one block and in several", async () => {
      const five = drawRows(5, 3);
      const bank = new Float32Array(40 * WIDTH);
      // Row r is a multiple, by a power of two, of row r mod 5: the same direction, bit for bit.
      for (let at = 0; at < bank.length; at += 1) {
        const row = Math.floor(at / WIDTH);
        bank[at] = five[(row % 5) * WIDTH + (at % WIDTH)]! * 2 ** (row % 3);
      }
      for (const bankBlock of [40, 12]) {
        const found = await searchAll(createRuntime(), {
          queries: five,
          bank,
          neighbours: 6,
          bankBlock,
        });
        expect(found).toEqual(
          [0, 1, 2, 3, 4].map((at) => [0, 5, 10, 15, 20, 25].map((r) => r + at)),
        );
      }
    });

    test("a row of zeros is similar to nothing and breaks nothing", async () => {
      const [queries, bank] = [new Float32Array(WIDTH), drawRows(4, 5)];
      expect(await searchAll(createRuntime(), { queries, bank, neighbours: 3 })).toEqual([
        [0, 1, 2],
      ]);
    });

    test("neighbours vote with exp(cosine / temperature)", async () => {
      const bank = new Float32Array([1, 0, 0.6, 0.8, 0, 1]);
      const rows = { queries: new Float32Array([2, 0]), bank, width: 2 };
      const search = findNeighbours(createRuntime(), {
        queries: rowsInMemory(rows.queries, rows),
        bank: rowsInMemory(bank, rows),
        neighbours: 3,
      });
      for await (const found of search) {
        const labels = Int32Array.of(0, 2, 2);
        const all = voteOfNeighbours(found, { labels, classes: 3, temperature: 0.5 });
        const votes = [1, 0.6, 0].map((cosine) => Math.exp(cosine / 0.5));
        const sum = votes[0]! + votes[1]! + votes[2]!;
        expect(all[0]).toBeCloseTo(votes[0]! / sum, 6);
        expect(all[1]).toBe(0);
        expect(all[2]).toBeCloseTo((votes[1]! + votes[2]!) / sum, 6);
        const nearest = voteOfNeighbours(found, { labels, classes: 3, neighbours: 1 });
        expect([...nearest]).toEqual([1, 0, 0]);
      }
    });
  });
}
