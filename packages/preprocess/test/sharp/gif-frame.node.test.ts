import { describe, expect, it } from "vitest";

import { decodeImage } from "../../src/sharp/index.ts";
import { gifFile } from "./gif-file.ts";

const PALETTE = Array.from({ length: 24 }, (_, i) => 10 + i);
const OTHER_PALETTE = Array.from({ length: 24 }, (_, i) => 110 + i);
const color = (palette: readonly number[], index: number): readonly number[] =>
  palette.slice(index * 3, index * 3 + 3);

const whole = { left: 0, top: 0, width: 3, height: 2 };
const corner = { left: 1, top: 1, width: 2, height: 1 };
const screen = { width: 3, height: 2 };

describe("a GIF's first frame", () => {
  it("shows transparent pixels in their palette colour, as Pillow does", async () => {
    const indices = [0, 1, 2, 3, 2, 7];
    const file = gifFile({ screen, frame: whole, indices, palette: PALETTE, transparent: 2 });
    const { image } = await decodeImage(file);
    expect([...image.data]).toEqual(indices.flatMap((index) => color(PALETTE, index)));
  });

  it.each([
    ["the transparent colour", 5, [5, 5, 5, 5, 3, 4]],
    ["the palette's first colour", undefined, [0, 0, 0, 0, 3, 4]],
  ])("is surrounded by %s where it does not cover the screen", async (_, transparent, shown) => {
    const picture = { screen, frame: corner, indices: [3, 4], palette: PALETTE };
    const rest = transparent === undefined ? {} : { transparent };
    const { image } = await decodeImage(gifFile({ ...picture, ...rest }));
    expect([...image.data]).toEqual(shown.flatMap((index) => color(PALETTE, index)));
  });

  it("takes those colours from its own palette where it has one", async () => {
    const picture = { screen, frame: corner, indices: [3, 4], transparent: 4 };
    const palettes = { palette: PALETTE, framePalette: OTHER_PALETTE };
    const { image } = await decodeImage(gifFile({ ...picture, ...palettes }));
    const shown = [4, 4, 4, 4, 3, 4];
    expect([...image.data]).toEqual(shown.flatMap((index) => color(OTHER_PALETTE, index)));
  });
});
