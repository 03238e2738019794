import { createRandom } from "@internvit/test-kit";
import { expect, test } from "vitest";

import {
  fingerprint,
  fronts,
  planSegments,
  planWholeFile,
  type Segment,
  type TransferPlan,
} from "../../src/node/transfer-plan.ts";

const FILE = { repository: "a/b", commit: "c", name: "x", size: 1000 };

test("a whole file is cut into pieces without gap or overlap", () => {
  for (const size of [0, 1, 99, 100, 101, 1000]) {
    const plan = planWholeFile({ ...FILE, size }, { chunkBytes: 100 });
    let end = 0;
    for (const piece of plan.pieces) {
      expect(piece.start).toBe(end);
      expect(piece.segments).toEqual([
        { start: end, target: end, byteLength: piece.end - piece.start },
      ]);
      end = piece.end;
    }
    expect(end).toBe(size);
    expect(plan.pieces).toHaveLength(Math.ceil(size / 100));
  }
});

test("pieces for scattered segments carry every byte to its place, as a byte-by-byte copy does", () => {
  const random = createRandom(5);
  for (let round = 0; round < 40; round++) {
    const size = 400_000;
    const segments: Segment[] = [];
    let target = 10;
    for (let start = random.below(1000); start < size;) {
      const byteLength = 1 + random.below(random.pick([10, 3000, 150_000]));
      if (start + byteLength > size) break;
      segments.push({ start, target: 0, byteLength });
      start += byteLength + random.pick([0, 0, 0, random.below(200), random.below(100_000)]);
    }
    // The target has another order than the source.
    const shuffled = segments.map((segment) => ({ segment, key: random.next() }));
    const placed = shuffled
      .sort((a, b) => a.key - b.key)
      .map(({ segment }) => {
        const result = { ...segment, target };
        target += segment.byteLength;
        return result;
      });
    const chunkBytes = random.pick([1000, 65_536, 1_000_000]);
    const pieces = planSegments(placed, { source: 2, chunkBytes });

    const wanted = new Int32Array(target).fill(-1);
    for (const { start, target, byteLength } of placed) {
      for (let i = 0; i < byteLength; i++) wanted[target + i] = start + i;
    }
    const found = new Int32Array(target).fill(-1);
    let end = -1;
    for (const piece of pieces) {
      expect(piece.source).toBe(2);
      expect(piece.start).toBeGreaterThanOrEqual(end);
      expect(piece.end - piece.start).toBeLessThanOrEqual(chunkBytes);
      ({ end } = piece);
      for (const segment of piece.segments) {
        const inside =
          segment.start >= piece.start && segment.start + segment.byteLength <= piece.end;
        if (!inside) throw new Error(`${segment.start} is not in its piece`);
        for (let i = 0; i < segment.byteLength; i++) found[segment.target + i] = segment.start + i;
      }
    }
    expect(found.findIndex((value, index) => value !== wanted[index])).toBe(-1);
    expectFronts({ size: target, prefix: new Uint8Array(10), sources: [FILE], pieces });
  }
});

function expectFronts(plan: TransferPlan): void {
  const ends = fronts(plan);
  expect(ends).toHaveLength(plan.pieces.length + 1);
  expect(ends.at(-1)).toBe(plan.size);
  const missing = new Uint8Array(plan.size).fill(1, plan.prefix.byteLength);
  let first = 0;
  for (const [index, { segments }] of plan.pieces.entries()) {
    first = missing.indexOf(1, first);
    if (ends[index] !== first) throw new Error(`${index}: ${ends[index]} is not ${first}`);
    for (const { target, byteLength } of segments) missing.fill(0, target, target + byteLength);
  }
  expect(missing.indexOf(1)).toBe(-1);
}

test("neighbouring segments are one request", () => {
  const segments = [
    { start: 0, target: 500, byteLength: 100 },
    { start: 100, target: 0, byteLength: 100 },
    { start: 300, target: 100, byteLength: 100 },
  ];
  const pieces = planSegments(segments, { source: 0, chunkBytes: 10_000 });
  expect(pieces).toMatchObject([{ start: 0, end: 400 }]);
});

test("plans that differ in size, source, cut or prefix have different fingerprints", () => {
  const plan = planWholeFile(FILE, { chunkBytes: 100 });
  const prints = new Set([
    fingerprint(plan),
    fingerprint(planWholeFile(FILE, { chunkBytes: 101 })),
    fingerprint(planWholeFile({ ...FILE, size: 999 }, { chunkBytes: 100 })),
    fingerprint(planWholeFile({ ...FILE, name: "y" }, { chunkBytes: 100 })),
    fingerprint({ ...plan, prefix: new Uint8Array(1) }),
  ]);
  expect(prints.size).toBe(5);
  expect(fingerprint(planWholeFile(FILE, { chunkBytes: 100 }))).toBe(fingerprint(plan));
});
