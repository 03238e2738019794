// PNG and GIF are decoded by this package also in browsers, so that Node can compare them with sharp.

import { readFile } from "node:fs/promises";

import { createRandom, fixturePath, goldenPath, readGoldenJson } from "@internvit/test-kit";
import sharp from "sharp";
import { describe, expect, it } from "vitest";

import { decodeImage } from "../../src/canvas/index.ts";
import { isPreprocessError } from "../../src/index.ts";
import { decodeImage as decodeInNode } from "../../src/sharp/index.ts";
import { firstDifference } from "../first-difference.ts";
import { gifFile } from "../sharp/gif-file.ts";
import { pngFile } from "../sharp/png-file.ts";

/** How the file's picture here differs from Node's; undefined where it does not. */
async function difference(file: Uint8Array): Promise<object | undefined> {
  const [here, inNode] = [await decodeImage(file), await decodeInNode(file)];
  const facts = [here, inNode].map(({ image, ...rest }) =>
    JSON.stringify({ ...rest, width: image.width, height: image.height }),
  );
  const at = firstDifference(here.image.data, inNode.image.data);
  return at === -1 && facts[0] === facts[1] ? undefined : { facts, at };
}

const goldens = Object.keys(readGoldenJson<{ images: object }>("preprocess.json").images);

describe("decodeImage of canvas", () => {
  it.each(goldens.filter((name) => /\.(?:png|gif)$/u.test(name)))(
    "gives golden %s the bytes that Node has",
    async (name) => {
      expect(await difference(await readFile(goldenPath("images", name)))).toBeUndefined();
    },
  );

  it("gives PNGs of every kind, interlaced or not, the bytes that Node has", async () => {
    const random = createRandom(21);
    for (const [width, height] of [
      [1, 1],
      [2, 9],
      [7, 3],
      [33, 18],
    ] as const) {
      for (const channels of [1, 2, 3, 4] as const) {
        for (const progressive of [false, true]) {
          const raw = { width, height, channels };
          const noise = Uint8Array.from({ length: width * height * channels }, () =>
            random.below(256),
          );
          const deep = Uint16Array.from(noise, (level) => level * 257 - random.below(level + 1));
          const what = `${width}x${height}, ${channels} channels, interlaced: ${progressive}`;
          const options = { progressive, adaptiveFiltering: channels > 2 };
          expect(
            await difference(await sharp(noise, { raw }).png(options).toBuffer()),
            what,
          ).toBeUndefined();
          expect(
            await difference(
              await sharp(deep, { raw })
                .toColourspace(channels < 3 ? "grey16" : "rgb16")
                .png(options)
                .toBuffer(),
            ),
            `${what}, 16 bits`,
          ).toBeUndefined();
          for (const colours of [2, 4, 16, 256]) {
            expect(
              await difference(
                await sharp(noise, { raw })
                  .png({ ...options, palette: true, colours })
                  .toBuffer(),
              ),
              `${what}, ${colours} colours`,
            ).toBeUndefined();
          }
        }
      }
    }
  });

  it("undoes every filter", async () => {
    const raw = { width: 300, height: 200, channels: 3 } as const;
    const photo = sharp(fixturePath("images", "photo-420.jpg")).resize(raw.width, raw.height);
    for (const adaptiveFiltering of [true, false]) {
      const file = await photo.clone().png({ adaptiveFiltering }).toBuffer();
      expect(await difference(file), `adaptive: ${adaptiveFiltering}`).toBeUndefined();
    }
  });

  it("clips 16-bit gray, also where a level is declared transparent", async () => {
    const samples = Uint8Array.of(0, 0, 0, 200, 1, 0, 255, 255);
    for (const transparent of [undefined, Uint8Array.of(1, 0)]) {
      const gray = { width: 4, height: 1, bitDepth: 16, colorType: 0 } as const;
      expect(
        await difference(pngFile({ ...gray, samples, transparent })),
        `${transparent}`,
      ).toBeUndefined();
    }
  });

  it("applies the orientation of a PNG when asked to", async () => {
    const raw = { width: 3, height: 2, channels: 3 } as const;
    const pixels = Uint8Array.from({ length: 18 }, (_, i) => i * 10);
    for (let orientation = 1; orientation <= 8; orientation++) {
      const file = await sharp(pixels, { raw }).withMetadata({ orientation }).png().toBuffer();
      const upright = await decodeImage(file, { orientation: "apply" });
      expect(upright).toEqual(await decodeInNode(file, { orientation: "apply" }));
    }
  });

  it("shows a GIF's uncovered and transparent pixels as Node does", async () => {
    const screen = { width: 3, height: 2 };
    const palette = Array.from({ length: 24 }, (_, i) => 10 + i);
    const frame = { left: 1, top: 1, width: 2, height: 1 };
    for (const transparent of [undefined, 4, 5]) {
      const rest = transparent === undefined ? {} : { transparent };
      expect(
        await difference(gifFile({ screen, frame, indices: [3, 4], palette, ...rest })),
        `${transparent}`,
      ).toBeUndefined();
    }
  });

  it("refuses the same PNGs as Node, with the same words up to the decoder's own", async () => {
    const empty = new Uint8Array(0);
    const png = { bitDepth: 8, colorType: 2, samples: empty } as const;
    for (const file of [
      empty,
      new TextEncoder().encode("<svg/>"),
      pngFile({ ...png, width: 0, height: 4 }),
      pngFile({ ...png, width: 60_000, height: 60_000 }),
      pngFile({ ...png, width: 100_000, height: 1 }),
      pngFile({ ...png, width: 10, height: 10 }),
    ]) {
      const [error, inNode] = await Promise.all(
        [decodeImage, decodeInNode].map((decode) =>
          decode(file, { subject: "a.png" }).then(
            () => undefined,
            (error: unknown) => error,
          ),
        ),
      );
      if (!isPreprocessError(error) || !isPreprocessError(inNode)) throw new Error("was decoded");
      expect([error.code, error.subject]).toEqual([inNode.code, "a.png"]);
      const upTo = / broken: .*$/u;
      expect(error.message.replace(upTo, "")).toBe(inNode.message.replace(upTo, ""));
    }
  });

  it.each(["rgb.png", "palette.png", "gray16.png"])("reports a truncated %s", async (name) => {
    const bytes = await readFile(fixturePath("images", name));
    for (const share of [0.01, 0.3, 0.6, 0.95]) {
      const cut = bytes.subarray(0, Math.ceil(bytes.length * share));
      await expect(decodeImage(cut), `${share}`).rejects.toMatchObject({ code: "malformed" });
    }
  });

  it("takes no memory for pixels that cannot be in the file, and all that are", async () => {
    const png = { bitDepth: 8, colorType: 2, width: 13_000, height: 13_000 } as const;
    const file = pngFile({ ...png, samples: new Uint8Array(13_000 * 3) });
    await expect(decodeImage(file)).rejects.toThrow(/compressed bytes cannot hold 507013000$/u);
    // Zeros: nothing deflates better.
    const flat = { ...png, width: 3000, height: 2000 };
    const samples = new Uint8Array(flat.width * flat.height * 3);
    const { image } = await decodeImage(pngFile({ ...flat, samples }));
    expect(firstDifference(image.data, samples)).toBe(-1);
  });

  it("names a blob that is no picture, with all of its bytes", async () => {
    const video = new Blob([new Uint8Array(5000)]);
    await expect(decodeImage(video, { subject: "clip.mp4" })).rejects.toThrow(
      "clip.mp4: expected a JPEG, PNG, WebP, GIF, TIFF or AVIF image, " +
        "found 5000 bytes that begin with 00 00 00 00 00 00 00 00",
    );
  });

  it("answers mutated files with Node's picture or its own error", async () => {
    const bytes = await readFile(fixturePath("images", "small.png"));
    const unexpected: unknown[] = [];
    for (let i = 0; i < 200; i++) {
      const mutated = Uint8Array.from(bytes);
      mutated[8 + ((i * 37) % (mutated.length - 8))]! ^= 1 << (i % 8);
      const outcome = await decodeImage(mutated).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        if (!isPreprocessError(outcome)) unexpected.push([i, outcome]);
        continue;
      }
      expect(await difference(mutated), `${i}`).toBeUndefined();
    }
    expect(unexpected).toEqual([]);
  });

  it("stops for an aborted signal with the signal's reason", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const bytes = await readFile(fixturePath("images", "rgb.png"));
    await expect(decodeImage(bytes, { signal })).rejects.toBe(reason);
  });
});
