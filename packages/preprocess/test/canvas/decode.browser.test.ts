// What decoding in a browser must not let the browser do: turn pictures, change colours, lose colours under alpha, show
// half a file, or decode what is too large.

import { fetchBytes, fixtureUrl } from "@internvit/test-kit/browser";
import { describe, expect, it } from "vitest";

import { decodeImage } from "../../src/canvas/index.ts";
import { applyOrientation, type RgbImage } from "../../src/index.ts";
import { firstDifference } from "../first-difference.ts";
import { sha256 } from "./browser-golden.ts";
import { DAMAGES, withLateExif } from "./damages.ts";
import {
  colorsUnderAlpha,
  LOSSLESS_RGBA_WEBP,
  LOSSY_RGBA_WEBP,
  RGBA_AVIF,
} from "./transparent-pictures.ts";

const picture = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  fetchBytes(fixtureUrl("images", name));

function expectSamePixels(image: RgbImage, expected: RgbImage): void {
  expect([image.width, image.height]).toEqual([expected.width, expected.height]);
  expect(firstDifference(image.data, expected.data)).toBe(-1);
}

describe("decodeImage in a browser", () => {
  it("takes a blob, a file, a buffer or bytes", async () => {
    const bytes = await picture("photo-444.jpg");
    const { image } = await decodeImage(bytes);
    for (const input of [new Blob([bytes]), new File([bytes], "a.jpg"), bytes.slice().buffer]) {
      expectSamePixels((await decodeImage(input)).image, image);
    }
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    expectSamePixels((await decodeImage(shared)).image, image);
    await expect(decodeImage(new File(["x"], "holiday.jpg"))).rejects.toMatchObject({
      subject: "holiday.jpg",
    });
  });

  it("applies EXIF orientation only when asked to", async () => {
    const bytes = await picture("exif-rotated.jpg");
    const plain = await decodeImage(bytes);
    const upright = await decodeImage(bytes, { orientation: "apply" });
    expect([plain.sourceWidth, plain.sourceHeight]).toEqual([600, 400]);
    expect([upright.sourceWidth, upright.sourceHeight]).toEqual([600, 400]);
    expectSamePixels(upright.image, applyOrientation(plain.image, 6));
  });

  it("does not let the browser turn a picture whose EXIF data comes late", async () => {
    const bytes = await picture("exif-rotated.jpg");
    const { image } = await decodeImage(bytes);
    const late = withLateExif(bytes);
    const ignored = await decodeImage(late);
    expect([ignored.sourceWidth, ignored.sourceHeight]).toEqual([600, 400]);
    expectSamePixels(ignored.image, image);
    const upright = await decodeImage(late, { orientation: "apply" });
    expectSamePixels(upright.image, applyOrientation(image, 6));
  });

  it("keeps colours under alpha, also where nothing of them is to be seen", async () => {
    const { image, mode } = await decodeImage(LOSSLESS_RGBA_WEBP);
    expect(mode).toBe("RGBA");
    expectSamePixels(image, colorsUnderAlpha());
    for (const { file, rgb_sha256 } of [LOSSY_RGBA_WEBP, RGBA_AVIF]) {
      const decoded = await decodeImage(file);
      expect([decoded.mode, await sha256(decoded.image.data)]).toEqual(["RGBA", rgb_sha256]);
    }
  });

  it("decodes in a worker as in a page", async () => {
    const worker = new Worker(new URL("decode-worker.ts", import.meta.url), { type: "module" });
    try {
      for (const name of ["exif-rotated.jpg", "rgba.png", "animated.gif", "photo.webp"]) {
        const bytes = await picture(name);
        const answer = new Promise<RgbImage>((resolve, reject) => {
          worker.addEventListener("message", ({ data }) => resolve(data as RgbImage), {
            once: true,
          });
          worker.addEventListener("error", ({ message }) => reject(new Error(message)), {
            once: true,
          });
        });
        worker.postMessage(bytes);
        const { image } = await decodeImage(bytes);
        expect([name, await answer]).toEqual([name, image]);
      }
    } finally {
      worker.terminate();
    }
  });

  it.each(["photo-420.jpg", "photo-422-progressive.jpg", "rgb.png", "photo.webp", "animated.gif"])(
    "reports a truncated %s, never a half-gray picture",
    async (name) => {
      const bytes = await picture(name);
      for (const share of [0.02, 0.3, 0.6, 0.9]) {
        // A GIF's first frame may be whole when a later one is cut.
        if (name.endsWith(".gif") && share > 0.3) continue;
        const cut = bytes.subarray(0, Math.ceil(bytes.length * share));
        await expect(decodeImage(cut, { subject: name }), `${share}`).rejects.toMatchObject({
          name: "PreprocessError",
          code: "malformed",
          subject: name,
        });
      }
    },
  );

  it("takes and refuses broken pixels as Node does", async () => {
    // What Node answers is checked in headers.node.test.ts.
    for (const [name, damage, outcome] of DAMAGES) {
      const bytes = damage(await picture(name));
      const answer = await decodeImage(bytes).then(
        () => "decoded",
        ({ code }: { readonly code: string }) => code,
      );
      expect([name, answer]).toEqual([name, outcome]);
    }
  });

  it("refuses what is too large from the header alone", async () => {
    for (const [name, size] of [
      ["photo-420.jpg", "1024x683"],
      ["photo.webp", "700x500"],
      ["rgb.png", "448x448"],
      ["animated.gif", "160x120"],
    ] as const) {
      const [width, height] = size.split("x").map(Number);
      const bytes = await picture(name);
      await expect(decodeImage(bytes, { maxPixels: 10, subject: name })).rejects.toMatchObject({
        code: "too-large",
        message: `${name}: the picture is ${size} = ${width! * height!} pixels, expected at most 10 (maxPixels)`,
      });
      await expect(decodeImage(bytes, { maxSide: 100 })).rejects.toMatchObject({
        code: "too-large",
        message: `the image: the picture is ${size}, expected no side longer than 100 pixels (maxSide)`,
      });
    }
  });

  it("refuses an empty file, text and a TIFF with the codes of Node", async () => {
    await expect(decodeImage(new Uint8Array(0))).rejects.toMatchObject({ code: "malformed" });
    for (const text of ["hello, world", "II*\0 and more"]) {
      const bytes = new TextEncoder().encode(text);
      await expect(decodeImage(bytes)).rejects.toMatchObject({ code: "unsupported" });
    }
  });

  it("stops for an aborted signal with the signal's reason", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(decodeImage(await picture("rgb.png"), { signal })).rejects.toBe(reason);
  });
});
