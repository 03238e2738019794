import { describe, expect, it } from "vitest";

import { yuvToRgb, type YuvColor } from "../../src/video/yuv-to-rgb.ts";

/** One pixel of 4:4:4. */
function pixel(y: number, u: number, v: number, color: YuvColor): readonly number[] {
  const data = Uint8Array.of(y, u, v);
  const plane = (offset: number) => ({ data, offset, stride: 1, step: 1, width: 1 });
  const shift = { x: 0, y: 0 };
  return [
    ...yuvToRgb({ width: 1, height: 1, y: plane(0), u: plane(1), v: plane(2), shift }, color).data,
  ];
}

// Kr and Kb of the standards; everything else follows from them.
const LUMA = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020: [0.2627, 0.0593] } as const;

function exact(y: number, u: number, v: number, color: YuvColor): readonly number[] {
  const [kr, kb] = LUMA[color.matrix];
  const kg = 1 - kr - kb;
  const [black, lumaRange, chromaRange] = color.fullRange ? [0, 255, 255] : [16, 219, 224];
  const light = ((y - black) / lumaRange) * 255;
  const blue = ((u - 128) / chromaRange) * 255 * 2 * (1 - kb);
  const red = ((v - 128) / chromaRange) * 255 * 2 * (1 - kr);
  const green = (-kb * blue - kr * red) / kg;
  return [light + red, light + green, light + blue].map((x) => Math.min(255, Math.max(0, x)));
}

describe("yuvToRgb", () => {
  it.each(["bt601", "bt709", "bt2020"] as const)(
    "follows the equations of %s to within 3 levels, in both ranges",
    (matrix) => {
      for (const fullRange of [false, true]) {
        for (let i = 0; i < 4096; i++) {
          const yuv = [(i * 37) % 256, (i * 101) % 256, (i * 59) % 256] as const;
          const got = pixel(...yuv, { matrix, fullRange });
          const want = exact(...yuv, { matrix, fullRange });
          const distance = Math.max(...got.map((x, c) => Math.abs(x - want[c]!)));
          expect(distance, JSON.stringify({ yuv, fullRange, got, want })).toBeLessThanOrEqual(3);
        }
      }
    },
  );

  it("keeps black black and white white", () => {
    expect(pixel(16, 128, 128, { matrix: "bt601", fullRange: false })).toEqual([0, 0, 0]);
    expect(pixel(0, 128, 128, { matrix: "bt709", fullRange: true })).toEqual([0, 0, 0]);
    expect(pixel(255, 128, 128, { matrix: "bt709", fullRange: true })).toEqual([255, 255, 255]);
  });

  it("repeats the chroma of 4:2:0, with U and V in one plane too", () => {
    const luma = Uint8Array.from({ length: 16 }, (_, i) => 40 + 9 * i);
    const [u, v] = [
      [90, 200, 128, 30],
      [150, 60, 128, 240],
    ] as const;
    const planar = Uint8Array.of(...luma, ...u, ...v);
    const paired = Uint8Array.of(...luma, ...u.flatMap((sample, i) => [sample, v[i]!]));
    const size = { width: 4, height: 4, shift: { x: 1, y: 1 } };
    const color = { matrix: "bt709", fullRange: false } as const;
    const y = { data: planar, offset: 0, stride: 4, step: 1, width: 4 };
    const planes = [16, 20].map((offset) => ({
      data: planar,
      offset,
      stride: 2,
      step: 1,
      width: 2,
    }));
    const pairs = [16, 17].map((offset) => ({
      data: paired,
      offset,
      stride: 4,
      step: 2,
      width: 2,
    }));
    const image = yuvToRgb({ ...size, y, u: planes[0]!, v: planes[1]! }, color);
    expect(yuvToRgb({ ...size, y, u: pairs[0]!, v: pairs[1]! }, color)).toEqual(image);
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        const chroma = (row >> 1) * 2 + (column >> 1);
        const at = (row * 4 + column) * 3;
        expect([...image.data.subarray(at, at + 3)]).toEqual(
          pixel(luma[row * 4 + column]!, u[chroma]!, v[chroma]!, color),
        );
      }
    }
  });
});
