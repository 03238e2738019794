import { describe, expect, it } from "vitest";

import { applyOrientation, type Orientation, type RgbImage } from "../src/index.ts";

// Letters stand for pixels, a line is a row.
function picture(...rows: readonly string[]): RgbImage {
  const data = Uint8Array.from([...rows.join("")].flatMap((c) => [c.charCodeAt(0), 1, 2]));
  return { width: rows[0]!.length, height: rows.length, data };
}

describe("applyOrientation", () => {
  it.each<readonly [Orientation, readonly string[]]>([
    [1, ["abc", "def"]],
    [2, ["cba", "fed"]],
    [3, ["fed", "cba"]],
    [4, ["def", "abc"]],
    [5, ["ad", "be", "cf"]],
    [6, ["da", "eb", "fc"]],
    [7, ["fc", "eb", "da"]],
    [8, ["cf", "be", "ad"]],
  ])("%i gives what Pillow's exif_transpose gives", (orientation, rows) => {
    expect(applyOrientation(picture("abc", "def"), orientation)).toEqual(picture(...rows));
  });

  it("refuses a value that EXIF does not have", () => {
    expect(() => applyOrientation(picture("a"), 9 as Orientation)).toThrow(/1 to 8, got 9/);
  });
});
