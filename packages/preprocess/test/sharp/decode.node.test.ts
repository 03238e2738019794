import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { goldenPath } from "@internvit/test-kit";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { applyOrientation, isPreprocessError, type Orientation } from "../../src/index.ts";
import { configureSharp, decodeImage, detectImageFormat } from "../../src/sharp/index.ts";
import { firstDifference } from "../first-difference.ts";
import { pngFile } from "./png-file.ts";

const golden = (name: string): string => goldenPath("images", name);

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "internvit-decode-"));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("decodeImage", () => {
  it("takes a path or bytes, and says what was in the file", async () => {
    const path = golden("exif-rotated.jpg");
    const fromPath = await decodeImage(path);
    const fromBytes = await decodeImage(await readFile(path));
    expect(firstDifference(fromBytes.image.data, fromPath.image.data)).toBe(-1);
    const { format, mode, sourceWidth, sourceHeight, image } = fromPath;
    expect({ format, mode }).toEqual({ format: "jpeg", mode: "RGB" });
    expect([sourceWidth, sourceHeight]).toEqual([image.width, image.height]);
  });

  it("applies EXIF orientation only when asked to", async () => {
    const raw = { width: 3, height: 2, channels: 3 } as const;
    const pixels = Uint8Array.from({ length: 18 }, (_, i) => i * 10);
    for (let orientation = 1; orientation <= 8; orientation++) {
      const file = await sharp(pixels, { raw }).withMetadata({ orientation }).png().toBuffer();
      const plain = await decodeImage(file);
      expect(plain.image).toEqual({ width: 3, height: 2, data: pixels });
      const upright = await decodeImage(file, { orientation: "apply" });
      expect(upright.image).toEqual(applyOrientation(plain.image, orientation as Orientation));
      expect([upright.sourceWidth, upright.sourceHeight]).toEqual([3, 2]);
    }
  });

  it("clips 16-bit gray, also where a level is declared transparent, and scales 16-bit colour", async () => {
    const gray = { width: 4, height: 1, bitDepth: 16, colorType: 0 } as const;
    const samples = Uint8Array.of(0, 0, 0, 200, 1, 0, 255, 255);
    const expected = Uint8Array.of(0, 0, 0, 200, 200, 200, 255, 255, 255, 255, 255, 255);
    for (const transparent of [undefined, Uint8Array.of(1, 0)]) {
      const { image, mode } = await decodeImage(pngFile({ ...gray, samples, transparent }));
      expect(mode).toBe("I;16");
      expect(image.data).toEqual(expected);
    }
    const colour = { width: 1, height: 1, bitDepth: 16, colorType: 2 } as const;
    const deep = pngFile({ ...colour, samples: Uint8Array.of(1, 255, 2, 0, 3, 7) });
    expect((await decodeImage(deep)).image.data).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("ignores ICC profiles, gamma and alpha", async () => {
    const raw = { width: 2, height: 1, channels: 4 } as const;
    const pixels = Uint8Array.of(200, 100, 50, 0, 10, 20, 30, 128);
    const file = await sharp(pixels, { raw })
      .keepIccProfile()
      .withIccProfile("p3")
      .png()
      .toBuffer();
    const stored = await sharp(file, { ignoreIcc: true }).removeAlpha().raw().toBuffer();
    const { image, mode } = await decodeImage(file);
    expect(mode).toBe("RGBA");
    expect(image.data).toEqual(Uint8Array.from(stored));
  });

  it("takes the first frame of an animation", async () => {
    const { image, mode, format } = await decodeImage(golden("animated.gif"));
    const { width, pageHeight, height } = await sharp(golden("animated.gif")).metadata();
    expect({ mode, format }).toEqual({ mode: "P", format: "gif" });
    expect([image.width, image.height]).toEqual([width, pageHeight ?? height]);
  });
});

describe("decodeImage, given what it cannot decode,", () => {
  const cut = [
    "photo-420.jpg",
    "photo-422-progressive.jpg",
    "rgb.png",
    "photo.webp",
    "animated.gif",
  ];

  it.each(cut)("reports a truncated %s, never a half-gray picture", async (name) => {
    const bytes = await readFile(golden(name));
    for (const share of [0.02, 0.3, 0.6, 0.9]) {
      const path = join(directory, `cut-${name}`);
      await writeFile(path, bytes.subarray(0, Math.ceil(bytes.length * share)));
      // A GIF's first frame may be whole when a later one is cut.
      if (name.endsWith(".gif") && share > 0.3) continue;
      await expect(decodeImage(path), `${share}`).rejects.toMatchObject({
        name: "PreprocessError",
        code: "malformed",
        subject: path,
        message: expect.stringMatching(
          /cut-.*: expected a whole .* truncated or broken: /,
        ) as string,
      });
    }
  });

  it("reports an empty file", async () => {
    const path = join(directory, "empty.jpg");
    await writeFile(path, "");
    await expect(decodeImage(path)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("empty.jpg: expected a JPEG") as string,
    });
  });

  it.each([
    ["text", "hello, world"],
    ["an SVG", '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"/>'],
    ["a PDF", "%PDF-1.4 …"],
  ])("refuses %s, with its first bytes", async (_, content) => {
    const bytes = new TextEncoder().encode(content);
    await expect(decodeImage(bytes, { subject: "upload 7" })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/^upload 7: expected .*begin with( [0-9a-f]{2}){8}/) as string,
    });
  });

  it("reports a header without pixels", async () => {
    const file = pngFile({
      width: 0,
      height: 4,
      bitDepth: 8,
      colorType: 2,
      samples: new Uint8Array(0),
    });
    await expect(decodeImage(file)).rejects.toMatchObject({ code: "malformed" });
  });

  it("refuses a picture 100,000 pixels wide unless the limit is raised", async () => {
    const width = 100_000;
    const file = pngFile({
      width,
      height: 1,
      bitDepth: 8,
      colorType: 0,
      samples: new Uint8Array(width),
    });
    await expect(decodeImage(file, { subject: "wide.png" })).rejects.toMatchObject({
      code: "too-large",
      message:
        "wide.png: the picture is 100000x1, expected no side longer than 65535 pixels (maxSide)",
    });
    const { image } = await decodeImage(file, { maxSide: width });
    expect(image.width).toBe(width);
  });

  it("refuses too many pixels from the header alone", async () => {
    // The header promises 20 gigapixels; there is no pixel data at all.
    const bomb = pngFile({
      width: 60_000,
      height: 60_000,
      bitDepth: 8,
      colorType: 2,
      samples: new Uint8Array(0),
    });
    await expect(decodeImage(bomb)).rejects.toMatchObject({
      code: "too-large",
      message: expect.stringContaining("3600000000 pixels, expected at most 178956970") as string,
    });
    await expect(decodeImage(golden("rgb.png"), { maxPixels: 10 })).rejects.toMatchObject({
      code: "too-large",
    });
  });

  it("tells a missing file from a directory", async () => {
    const missing = join(directory, "missing.jpg");
    await expect(decodeImage(missing)).rejects.toMatchObject({
      code: "not-found",
      subject: missing,
      message: `${missing}: expected an image file, found nothing`,
    });
    await expect(decodeImage(directory)).rejects.toMatchObject({
      code: "io",
      message: `${directory}: expected an image file, found a directory`,
    });
  });

  it("stops for an aborted signal with the signal's reason", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(decodeImage(golden("rgb.png"), { signal })).rejects.toBe(reason);
  });

  it("answers mutated files with a picture or its own error", async () => {
    const bytes = await readFile(golden("small.png"));
    const unexpected: unknown[] = [];
    for (let i = 0; i < 200; i++) {
      const mutated = Uint8Array.from(bytes);
      mutated[8 + ((i * 37) % (mutated.length - 8))]! ^= 1 << (i % 8);
      const outcome = await decodeImage(mutated).catch((error: unknown) => error);
      if (outcome instanceof Error && !isPreprocessError(outcome)) unexpected.push([i, outcome]);
    }
    expect(unexpected).toEqual([]);
  });
});

function text(value: string): Uint8Array {
  return Buffer.from(value, "latin1");
}

describe("detectImageFormat", () => {
  it("knows each format by its first bytes and nothing by fewer", () => {
    expect(detectImageFormat(text("RIFF1234WEBPVP8 "))).toBe("webp");
    expect(detectImageFormat(text("RIFF1234WAVEfmt "))).toBeUndefined();
    expect(detectImageFormat(text("\0\0\0\x20ftypavif"))).toBe("avif");
    expect(detectImageFormat(text("\0\0\0\x20ftypheic"))).toBeUndefined();
    expect(detectImageFormat(text("II*\0"))).toBe("tiff");
    expect(detectImageFormat(text("\x89PNG"))).toBeUndefined();
    expect(detectImageFormat(new Uint8Array(0))).toBeUndefined();
  });
});

describe("configureSharp", () => {
  it("sets threads and drops the cache when it is called, not at import", () => {
    configureSharp({ threads: 2 });
    expect(sharp.concurrency()).toBe(2);
    expect(sharp.cache().memory.max).toBe(0);
    configureSharp();
    expect(sharp.concurrency()).toBe(1);
  });
});
