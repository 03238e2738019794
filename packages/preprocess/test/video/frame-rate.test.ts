import { expect, it } from "vitest";

import { averageFrameRate } from "../../src/video/frame-rate.ts";

it("is frames by duration", () => {
  expect(averageFrameRate(7, { duration: 3, ticksPerSecond: 90_000 })).toBe(7 / 3);
});

it("is the common rate that the ticks cannot tell from it", () => {
  // 30 frames of 33.33 ms in whole milliseconds end at 967 + 33.33 ms.
  expect(averageFrameRate(30, { duration: 1.000_333, ticksPerSecond: 1000 })).toBe(30);
  expect(averageFrameRate(30, { duration: 1.001_367, ticksPerSecond: 1000 })).toBe(30_000 / 1001);
});

it("tells 29.97 from 30 in a minute of milliseconds", () => {
  expect(averageFrameRate(1800, { duration: 60.06, ticksPerSecond: 1000 })).toBe(30_000 / 1001);
  expect(averageFrameRate(1800, { duration: 60, ticksPerSecond: 1000 })).toBe(30);
});

it("is undefined for frames that last no time", () => {
  expect(averageFrameRate(1, { duration: 0, ticksPerSecond: 1000 })).toBeUndefined();
});
