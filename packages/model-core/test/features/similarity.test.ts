import { createRandom } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  cosineSimilarities,
  cosineSimilarity,
  nearestNeighbors,
} from "../../src/features/similarity.ts";
import { modelErrorOf } from "../model-error-of.ts";

describe("cosine similarity", () => {
  it("is 1 for the same direction, 0 for an orthogonal one and -1 for the opposite", () => {
    expect(cosineSimilarity([3, 4], [6, 8])).toBe(1);
    expect(cosineSimilarity([3, 4], [-4, 3])).toBe(0);
    expect(cosineSimilarity([3, 4], [-3, -4])).toBe(-1);
  });

  it("of each row agrees with one row at a time and never leaves -1 to 1", () => {
    const random = createRandom(5);
    const width = 37;
    const rows = Float32Array.from({ length: 50 * width }, () => random.next() - 0.5);
    for (let r = 0; r < 50; r++) {
      const query = rows.subarray(r * width, (r + 1) * width);
      const all = cosineSimilarities(query, rows);
      expect(all).toHaveLength(50);
      expect(all[r]).toBeCloseTo(1, 6);
      for (const [other, similarity] of all.entries()) {
        expect(Math.abs(similarity)).toBeLessThanOrEqual(1);
        const row = rows.subarray(other * width, (other + 1) * width);
        expect(similarity).toBe(Math.fround(cosineSimilarity(query, row)));
      }
    }
  });

  it("of zeros is 0, not a number that is none", () => {
    expect(cosineSimilarity([0, 0], [1, 2])).toBe(0);
    expect([...cosineSimilarities([1, 2], [0, 0, 2, 4])]).toEqual([0, 1]);
  });

  it("refuses vectors of different lengths", async () => {
    expect(await modelErrorOf(() => cosineSimilarity([1, 2], [1, 2, 3]))).toMatchObject({
      code: "mismatch",
      message: expect.stringContaining("2 numbers, found 3"),
    });
    expect((await modelErrorOf(() => cosineSimilarities([1, 2], [1, 2, 3]))).code).toBe("mismatch");
    expect((await modelErrorOf(() => cosineSimilarities([], [1]))).code).toBe("mismatch");
  });
});

describe("nearest neighbours", () => {
  const candidates = [
    [0, 1],
    [1, 0.1],
    [1, 0],
    [2, 0],
  ];

  it("come most alike first, equal ones in their order", () => {
    const found = nearestNeighbors([1, 0], { candidates });
    expect(found.map(({ index }) => index)).toEqual([2, 3, 1, 0]);
    expect(found[0]!.similarity).toBe(1);
  });

  it("are as many as are asked for", () => {
    expect(nearestNeighbors([0, 1], { candidates, count: 1 })).toEqual([
      { index: 0, similarity: 1 },
    ]);
    expect(nearestNeighbors([0, 1], { candidates: [] })).toEqual([]);
  });
});
