import { readLabelPng } from "@internvit/eval/node";
import sharp from "sharp";
import { describe, expect, it } from "vitest";

import { chunk, pngOf } from "./write-png.ts";

const SUBJECT = { subject: "a.png" };

/** Values that use all bits, neighbouring ones alike and unlike. */
function valuesOf(count: number, bitDepth: number): number[] {
  return Array.from({ length: count }, (_, i) => ((i * i * 7919) >> (i % 3)) % 2 ** bitDepth);
}

function codeOf(bytes: Uint8Array): readonly [string, string] {
  try {
    readLabelPng(bytes, SUBJECT);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return [code, message];
  }
  return ["", ""];
}

describe("a label picture", () => {
  const sizes = [
    [1, 1],
    [1, 9],
    [7, 3],
    [13, 17],
  ] as const;
  for (const interlaced of [false, true]) {
    it(`keeps its values at every bit depth, with every filter${interlaced ? ", interlaced" : ""}`, () => {
      for (const [width, height] of sizes) {
        for (const bitDepth of [1, 2, 4, 8, 16] as const) {
          const values = valuesOf(width * height, bitDepth);
          for (const colorType of bitDepth === 16 ? [0] : [0, 3]) {
            const size = { width, height };
            const png = { ...size, values, bitDepth, colorType, interlaced };
            const bytes = pngOf({ ...png, filterOf: (line) => line % 5 });
            const data = bitDepth === 16 ? Uint16Array.from(values) : Uint8Array.from(values);
            expect(readLabelPng(bytes, SUBJECT)).toEqual({ ...size, values: data });
          }
        }
      }
    });

    it(`is read as libpng writes it${interlaced ? ", interlaced" : ""}`, async () => {
      const [width, height] = [61, 47];
      const values = Uint8Array.from(valuesOf(width * height, 8));
      const bytes = await sharp(values, { raw: { width, height, channels: 1 } })
        .toColourspace("b-w")
        .png({ progressive: interlaced, adaptiveFiltering: true })
        .toBuffer();
      expect(readLabelPng(bytes, SUBJECT)).toEqual({ width, height, values });
    });
  }

  it("is refused with colours or alpha", async () => {
    for (const [channels, found] of [
      [3, "colours (RGB)"],
      [4, "colours with alpha (RGBA)"],
    ] as const) {
      const background = { r: 1, g: 2, b: 3, alpha: 0.5 };
      const bytes = await sharp({ create: { width: 2, height: 2, channels, background } })
        .png()
        .toBuffer();
      expect(codeOf(bytes)).toEqual([
        "unsupported",
        `a.png: expected labels as a grey or palette PNG, found ${found}`,
      ]);
    }
  });

  it("is refused where it is cut off or damaged, saying how", () => {
    const whole = Buffer.from(pngOf({ width: 9, height: 9, values: valuesOf(81, 8) }));
    expect(codeOf(whole)).toEqual(["", ""]);
    // Wherever it is cut.
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(whole.subarray(0, length))[0]).toBe("invalid-data");
    }
    expect(codeOf(whole.subarray(0, 60))[1]).toContain("its end at byte 60: it was cut off");
    expect(codeOf(new Uint8Array())[1]).toContain("found an empty file");
    expect(codeOf(Buffer.from("GIF89a, of all things"))[1]).toContain("do not begin like one");
    // Whichever byte is another one.
    for (let i = 0; i < whole.length; i++) {
      const damaged = Buffer.from(whole);
      damaged[i]! ^= 0x10;
      expect([i, codeOf(damaged)[0]]).toEqual([i, "invalid-data"]);
    }
    expect(codeOf(pngOf({ width: 2, height: 1, values: [1, 2], filterOf: () => 5 }))[1]).toContain(
      "a line with filter 5",
    );
    const other = pngOf({ width: 9, height: 8, values: valuesOf(72, 8) });
    const header = pngOf({ width: 9, height: 9, values: valuesOf(81, 8) }).subarray(0, 33);
    expect(codeOf(Buffer.concat([header, other.subarray(33)]))[1]).toContain(
      "found 80 bytes of pixels where 9x9 take 90",
    );
    const reversed = Buffer.concat([other.subarray(0, 33), whole.subarray(33)]);
    expect(codeOf(reversed)[0]).toBe("invalid-data");
  });

  it("is refused before memory is taken for a size that no picture has", () => {
    const size = Buffer.alloc(13, 0);
    size.writeUInt32BE(2 ** 31 - 1, 0);
    size.writeUInt32BE(2 ** 31 - 1, 4);
    size[8] = 8;
    const start = pngOf({ width: 1, height: 1, values: [0] }).subarray(0, 8);
    expect(codeOf(Buffer.concat([start, chunk("IHDR", size)]))[1]).toContain(
      "2147483647x2147483647 pixels",
    );
  });
});
