// What is read of the files that a browser decodes, against what libvips says of them.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { fixturePath } from "@internvit/test-kit";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";

import { prepareAvif } from "../../src/canvas/avif-file.ts";
import { prepareJpeg } from "../../src/canvas/jpeg-file.ts";
import type { PreparedPicture } from "../../src/canvas/prepared-picture.ts";
import { prepareWebp } from "../../src/canvas/webp-file.ts";
import { isPreprocessError } from "../../src/index.ts";
import { decodeImage } from "../../src/sharp/index.ts";
import { DAMAGES, withLateExif } from "./damages.ts";
import {
  LOSSLESS_RGBA_WEBP,
  LOSSY_RGBA_WEBP,
  RGBA_AVIF,
  colorsUnderAlpha,
} from "./transparent-pictures.ts";

const PREPARE = { jpeg: prepareJpeg, webp: prepareWebp, avif: prepareAvif } as const;

async function bytesOf(picture: Sharp): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await picture.toBuffer());
}

async function joined({ parts }: PreparedPicture): Promise<Uint8Array> {
  return new Uint8Array(await new Blob([...parts]).arrayBuffer());
}

/** Start of image and a frame header of three components. */
function frameOf(code: number, bits: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(
    0xff,
    0xd8,
    0xff,
    code,
    0,
    17,
    bits,
    0,
    5,
    0,
    7,
    3,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  );
}

const noise = Uint8Array.from(
  { length: 37 * 23 * 4 },
  (_, i) => Math.imul(i, 2_654_435_761) >>> 24,
);
const rgba = (): Sharp => sharp(noise, { raw: { width: 37, height: 23, channels: 4 } });
const rgb = (): Sharp => rgba().removeAlpha();

it("the transparent pictures are in Node what the tests in a browser say", async () => {
  expect((await decodeImage(LOSSLESS_RGBA_WEBP)).image).toEqual(colorsUnderAlpha());
  for (const { file, rgb_sha256 } of [LOSSY_RGBA_WEBP, RGBA_AVIF]) {
    const { image } = await decodeImage(file);
    expect(createHash("sha256").update(image.data).digest("hex")).toBe(rgb_sha256);
  }
});

describe("the header of a file for the browser", () => {
  it.each([
    ["a JPEG", "jpeg", () => rgb().jpeg()],
    ["a progressive JPEG", "jpeg", () => rgb().jpeg({ progressive: true })],
    ["a gray JPEG", "jpeg", () => rgb().toColourspace("b-w").jpeg()],
    ["a lossy WebP", "webp", () => rgb().webp()],
    ["a lossless WebP", "webp", () => rgb().webp({ lossless: true })],
    ["a transparent lossy WebP", "webp", () => rgba().webp()],
    ["a transparent lossless WebP", "webp", () => rgba().webp({ lossless: true })],
    ["an AVIF", "avif", () => rgb().avif()],
    ["a transparent AVIF", "avif", () => rgba().avif()],
  ] as const)("of %s says what libvips says", async (_, format, write) => {
    const file = await bytesOf(write());
    const { mode, sourceWidth: width, sourceHeight: height } = await decodeImage(file);
    expect(PREPARE[format](file, "it")).toMatchObject({ format, mode, width, height });
  });

  it.each(["jpeg", "webp"] as const)(
    "of a %s has its orientation, and what is decoded has no metadata and the same pixels",
    async (format) => {
      for (let orientation = 1; orientation <= 8; orientation++) {
        const file = await bytesOf(
          rgba().withIccProfile("p3").withMetadata({ orientation, density: 300 }).toFormat(format),
        );
        const { icc, exif } = await sharp(file).metadata();
        expect([icc, exif]).not.toContain(undefined);
        const prepared = PREPARE[format](file, "it");
        expect(prepared.orientation).toBe(orientation);
        const bare = await joined(prepared);
        const metadata = await sharp(bare).metadata();
        expect([metadata.icc, metadata.exif, metadata.xmp, metadata.orientation]).toEqual([
          undefined,
          undefined,
          undefined,
          undefined,
        ]);
        expect((await decodeImage(bare)).image).toEqual((await decodeImage(file)).image);
      }
    },
  );

  it("of a JPEG has the orientation that stands behind its frame header", async () => {
    const file = Uint8Array.from(await readFile(fixturePath("images", "exif-rotated.jpg")));
    const late = withLateExif(file);
    expect((await sharp(late).metadata()).orientation).toBe(6);
    const prepared = prepareJpeg(late, "it");
    expect(prepared.orientation).toBe(6);
    expect(await joined(prepared)).toEqual(await joined(prepareJpeg(file, "it")));
  });

  it("of a JPEG whose segments are not understood is refused: metadata may hide behind them", async () => {
    const file = Uint8Array.from(await readFile(fixturePath("images", "exif-rotated.jpg")));
    const late = withLateExif(file);
    // A marker that has no length, as decoders know and a walk over segments does not.
    late.set(
      [0xff, 0x01],
      late.findIndex((byte, i) => byte === 0xff && late[i + 1] === 0xe1),
    );
    expect(() => prepareJpeg(late, "it")).toThrow(/no scan follows its frame header/u);
  });

  it("of a JPEG without rows is malformed, as in Node", async () => {
    const file = Uint8Array.from(await readFile(fixturePath("images", "photo-420.jpg")));
    const frame = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xc0);
    file.fill(0, frame + 5, frame + 7);
    expect(() => prepareJpeg(file, "it")).toThrow(/its frame header says 1024x0 pixels/u);
    await expect(decodeImage(file)).rejects.toMatchObject({ code: "malformed" });
  });

  it("of a JPEG in CMYK is refused, with the reason", async () => {
    const file = Uint8Array.from(await readFile(fixturePath("images", "cmyk.jpg")));
    expect(() => prepareJpeg(file, "cmyk.jpg")).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message:
          "cmyk.jpg: expected a JPEG in gray or colour, found four components (CMYK), " +
          "which browsers convert to RGB in ways of their own",
      }),
    );
  });

  it("of a kind of JPEG that browsers do not decode is refused, with the reason", () => {
    expect(() => prepareJpeg(frameOf(0xc9, 8), "it")).toThrow(/found frame type FFC9 of 8 bits/u);
    expect(() => prepareJpeg(frameOf(0xc1, 12), "it")).toThrow(/found frame type FFC1 of 12 bits/u);
  });

  it.each(DAMAGES)("of %s may be whole where its pixels are not", async (name, damage, answer) => {
    const bytes = damage(Uint8Array.from(await readFile(fixturePath("images", name))));
    const inNode = await decodeImage(bytes).then(
      () => "decoded",
      ({ code }: { readonly code: string }) => code,
    );
    expect(inNode).toBe(answer);
  });

  it("of an AVIF of boxes in boxes is malformed", () => {
    const nested = new Uint8Array(1 << 20);
    const view = new DataView(nested.buffer);
    for (let at = 0; at < nested.length; at += 8) {
      view.setUint32(at, nested.length - at);
      nested.set(new TextEncoder().encode("ipco"), at + 4);
    }
    expect(() => prepareAvif(nested, "it")).toThrow(/it states no size/u);
  });

  it("of a file that breaks off is malformed, or says what is missing", async () => {
    for (const [name, prepare] of [
      ["photo-420.jpg", prepareJpeg],
      ["photo-422-progressive.jpg", prepareJpeg],
      ["photo.webp", prepareWebp],
    ] as const) {
      const file = Uint8Array.from(await readFile(fixturePath("images", name)));
      expect(prepare(file, name).flaw).toBeUndefined();
      expect(prepare(file.slice(0, -1), name).flaw).toBeDefined();
      for (let cut = 12; cut < file.length; cut += 1 + (cut >> 3)) {
        const answer = flawOf(() => prepare(file.slice(0, cut), name));
        expect(answer, `${name} cut at ${cut}`).toMatch(
          /^(?:it ends at |it has no end|malformed)/u,
        );
      }
    }
  });
});

/** What a header says is missing, or the code of the error. */
function flawOf(prepare: () => PreparedPicture): string | undefined {
  try {
    return prepare().flaw;
  } catch (error) {
    if (isPreprocessError(error)) return error.code;
    throw error;
  }
}
