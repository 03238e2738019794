import { describe, expect, it } from "vitest";

import { toRgb } from "../src/index.ts";

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const wide = (width: number) => ({ width, height: 1 });

describe("toRgb", () => {
  it("repeats gray and drops its alpha", () => {
    expect(toRgb({ mode: "L", data: bytes(7, 200) }, wide(2)).data).toEqual(
      bytes(7, 7, 7, 200, 200, 200),
    );
    expect(toRgb({ mode: "LA", data: bytes(7, 0, 200, 255) }, wide(2)).data).toEqual(
      bytes(7, 7, 7, 200, 200, 200),
    );
  });

  it("drops alpha without compositing", () => {
    expect(toRgb({ mode: "RGBA", data: bytes(1, 2, 3, 0, 4, 5, 6, 128) }, wide(2)).data).toEqual(
      bytes(1, 2, 3, 4, 5, 6),
    );
  });

  it("shares the bytes of a picture that is RGB already", () => {
    const data = bytes(1, 2, 3);
    expect(toRgb({ mode: "RGB", data }, wide(1)).data).toBe(data);
  });

  it("makes every bilevel sample but zero white", () => {
    expect(toRgb({ mode: "1", data: bytes(0, 1, 255) }, wide(3)).data).toEqual(
      bytes(0, 0, 0, 255, 255, 255, 255, 255, 255),
    );
  });

  it("looks palette indices up, and takes black past the palette's end", () => {
    const palette = bytes(10, 20, 30, 40, 50, 60);
    expect(toRgb({ mode: "P", data: bytes(1, 0, 200), palette }, wide(3)).data).toEqual(
      bytes(40, 50, 60, 10, 20, 30, 0, 0, 0),
    );
  });

  it("clips 16-bit gray and does not scale it", () => {
    const data = Uint16Array.of(0, 255, 256, 65535);
    expect(toRgb({ mode: "I;16", data }, wide(4)).data).toEqual(
      bytes(0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255),
    );
  });

  it("takes ink off white for CMYK, rounding the product to the nearest", () => {
    for (let ink = 0; ink < 256; ink++) {
      for (const black of [0, 1, 77, 128, 254, 255]) {
        const { data } = toRgb({ mode: "CMYK", data: bytes(ink, 0, 255, black) }, wide(1));
        const light = 255 - black;
        expect([...data]).toEqual([light - Math.round((ink * light) / 255), light, 0]);
      }
    }
  });

  it("refuses samples that do not fit the size", () => {
    expect(() => toRgb({ mode: "CMYK", data: bytes(1, 2, 3) }, wide(1))).toThrow(
      "1x1 in mode CMYK has 4 samples, but data has 3",
    );
  });
});
