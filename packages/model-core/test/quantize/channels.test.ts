import { describe, expect, test } from "vitest";

import { planChannels } from "../../src/quantize/channels.ts";

const CHANNELS = 64;

function plan(change: { residual?: number; norm?: number; spread?: boolean } = {}) {
  const residual = new Float64Array(CHANNELS).fill(1);
  const norm = new Float32Array(CHANNELS).fill(1);
  const largest = new Float64Array(CHANNELS).fill(0.1);
  residual[5] = (change.residual ?? 1) ** 2;
  norm[9] = change.norm ?? 1;
  return { norm, ...planChannels({ residual, norm, largest, spread: change.spread ?? true }) };
}

describe("planChannels", () => {
  test("leaves the product of norm and column what it was, however often a column is read", () => {
    for (const change of [{}, { residual: 50 }, { norm: 50 }, { residual: 50, spread: false }]) {
      const { norm, normWeight, columnScale, spread } = plan(change);
      for (let c = 0; c < CHANNELS; c++) {
        const reads = 1 + spread.filter((channel) => channel === c).length;
        // Two numbers of float32 are multiplied.
        expect(normWeight[c]! * columnScale[c]! * reads).toBeCloseTo(norm[c]!, 5);
      }
    }
  });

  test("spreads outliers over more columns, and nothing else", () => {
    expect(plan().spread).toEqual([]);
    expect(plan({ residual: 3 }).spread).toEqual([]);
    const { spread, normWeight } = plan({ residual: 20 });
    expect(new Set(spread)).toEqual(new Set([5]));
    // 20 = 2 · 2 · 5: twice the others on either side, in five columns.
    expect(spread).toHaveLength(4);
    expect((normWeight[5]! * 20) / normWeight[0]!).toBeCloseTo(2, 5);
    expect(new Set(plan({ norm: 20 }).spread)).toEqual(new Set([9]));
    expect(plan({ residual: 50, spread: false }).spread).toEqual([]);
  });

  test("adds at most an eighth to the columns", () => {
    const { spread } = plan({ residual: 1e6, norm: 1e6 });
    expect(spread.length).toBeGreaterThan(0);
    expect(spread.length).toBeLessThanOrEqual(CHANNELS / 8);
  });

  test("leaves a channel alone that is zero throughout", () => {
    const { normWeight, columnScale } = plan({ norm: 0 });
    expect([normWeight[9], columnScale[9]]).toEqual([1, 0]);
  });
});
