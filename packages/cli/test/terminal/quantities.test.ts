import { describe, expect, it } from "vitest";

import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMany,
} from "../../src/terminal/quantities.ts";

describe("quantities", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_950, "1.0 MB"],
    [608_059_400, "608.1 MB"],
    [11_073_000_000, "11.1 GB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0.25, "0.3 ms"],
    [87.4, "87 ms"],
    [999.6, "1.00 s"],
    [1250, "1.25 s"],
    [59_996, "1 min 0 s"],
    [185_000, "3 min 5 s"],
    [3_599_600, "1 h 0 min"],
    [18_720_000, "5 h 12 min"],
    [273_600_000, "3 d 4 h"],
  ])("%d milliseconds are %s", (milliseconds, text) =>
    expect(formatDuration(milliseconds)).toBe(text),
  );

  it("whole numbers have commas, and nouns a plural", () => {
    expect(formatCount(304_012_288)).toBe("304,012,288");
    expect(formatCount(12)).toBe("12");
    expect(formatMany(1, "image")).toBe("1 image");
    expect(formatMany(1200, "image")).toBe("1,200 images");
  });
});
