import { createRandom, difference, fetchBytes, fixtureUrl } from "@internvit/test-kit/browser";
import { describe, expect, it } from "vitest";

import { captureFrame, decodeImage } from "../../src/canvas/index.ts";
import { toRgb } from "../../src/index.ts";
import { yuvToRgb } from "../../src/video/yuv-to-rgb.ts";
import { firstDifference } from "../first-difference.ts";
import { fetchJson, sha256 } from "./browser-golden.ts";
import { colorsUnderAlpha, LOSSLESS_RGBA_WEBP } from "./transparent-pictures.ts";

const { containers } = await fetchJson<{
  readonly containers: Record<string, { readonly rgb24: readonly string[] }>;
}>(fixtureUrl("video", "expected.json"));

const WIDTH = 32;
const HEIGHT = 16;
const noise = Uint8ClampedArray.from(
  { length: WIDTH * HEIGHT * 4 },
  (_, i) => Math.imul(i, 2_654_435_761) >>> 24,
);

/** In Chromium also in pages; the types have it in workers only, as the standard does. */
declare const MediaStreamTrackProcessor: new (of: { readonly track: MediaStreamTrack }) => {
  readonly readable: ReadableStream<VideoFrame>;
};

/** Levels by which Chromium's own conversion of a frame differs from ours at most: a wrong matrix differs by far more. */
const DRAWING = 4;

/** What the browser itself shows of a source. */
function drawn(
  source: CanvasImageSource,
  size: { readonly width: number; readonly height: number },
): Uint8Array {
  const { width, height } = size;
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return toRgb({ mode: "RGBA", data: Uint8Array.from(data) }, size).data;
}

describe("captureFrame", () => {
  it("gives a frame of YUV the bytes that a video's frame has in Node", async () => {
    const luma = WIDTH * HEIGHT;
    const samples = Uint8Array.from(noise.subarray(0, luma * 1.5));
    for (const [matrix, fullRange, expected] of [
      ["bt709", false, "bt709"],
      ["smpte170m", true, "bt601"],
    ] as const) {
      const frame = new VideoFrame(samples, {
        format: "I420",
        codedWidth: WIDTH,
        codedHeight: HEIGHT,
        timestamp: 0,
        colorSpace: { matrix, fullRange, primaries: "bt709", transfer: "bt709" },
      });
      const image = await captureFrame(frame);
      frame.close();
      const plane = (offset: number, stride: number) => ({
        data: samples,
        offset,
        stride,
        step: 1,
        width: stride,
      });
      const { data } = yuvToRgb(
        {
          width: WIDTH,
          height: HEIGHT,
          y: plane(0, WIDTH),
          u: plane(luma, WIDTH / 2),
          v: plane(luma * 1.25, WIDTH / 2),
          shift: { x: 1, y: 1 },
        },
        { matrix: expected, fullRange },
      );
      expect([matrix, firstDifference(image.data, data)]).toEqual([matrix, -1]);
      await expect(captureFrame(frame)).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });

  it("gives the frame that a video element shows, with the bytes that it has in Node", async () => {
    const video = document.createElement("video");
    video.muted = true;
    await expect(captureFrame(video)).rejects.toMatchObject({ code: "invalid-argument" });
    const url = URL.createObjectURL(new Blob([await fetchBytes(fixtureUrl("video", "vp9.webm"))]));
    try {
      video.src = url;
      const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      await video.play();
      await shown;
      video.pause();
      const image = await captureFrame(video);
      expect([image.width, image.height]).toEqual([video.videoWidth, video.videoHeight]);
      expect(containers["vp9.webm"]!.rgb24).toContain(await sha256(image.data));
      await expect(captureFrame(video, { maxSide: 10 })).rejects.toMatchObject({
        code: "too-large",
      });
    } finally {
      URL.revokeObjectURL(url);
    }
  });

  it("gives what a camera shows, from its element and from its frames", async () => {
    const size = { width: 320, height: 240 };
    const stream = await navigator.mediaDevices.getUserMedia({ video: size });
    const track = stream.getVideoTracks()[0]!;
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = stream;
    try {
      const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      await video.play();
      await shown;
      video.pause();
      const image = await captureFrame(video);
      expect(image).toMatchObject(size);
      expect(difference(image.data, drawn(video, size)).maxAbsolute).toBeLessThanOrEqual(DRAWING);
      const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
      const frame = (await reader.read()).value!;
      const ofFrame = await captureFrame(frame);
      expect(ofFrame).toMatchObject(size);
      expect(difference(ofFrame.data, drawn(frame, size)).maxAbsolute).toBeLessThanOrEqual(DRAWING);
      frame.close();
      await reader.cancel();
    } finally {
      track.stop();
    }
    // The element shows black from now on.
    await expect(captureFrame(video)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("a camera that was stopped") as string,
    });
  });

  it.each([
    [300, 5000],
    [9000, 30],
    [3, 20_000],
  ])(
    "keeps colours under alpha in a bitmap of %dx%d, larger than what is read at once",
    async (width, height) => {
      const random = createRandom(width);
      const data = Uint8ClampedArray.from({ length: width * height * 4 }, () => random.below(256));
      const bitmap = await createImageBitmap(new ImageData(data, width, height), {
        premultiplyAlpha: "none",
      });
      const image = await captureFrame(bitmap);
      bitmap.close();
      const expected = toRgb({ mode: "RGBA", data: Uint8Array.from(data) }, { width, height });
      expect([image.width, image.height]).toEqual([width, height]);
      expect(firstDifference(image.data, expected.data)).toBe(-1);
    },
  );

  it("gives a bitmap's colours under alpha where the bitmap has them", async () => {
    const bitmap = await createImageBitmap(new Blob([LOSSLESS_RGBA_WEBP]), {
      premultiplyAlpha: "none",
      colorSpaceConversion: "none",
    });
    const image = await captureFrame(bitmap, { subject: "a bitmap" });
    expect(firstDifference(image.data, colorsUnderAlpha().data)).toBe(-1);
    bitmap.close();
    await expect(captureFrame(bitmap)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("gives the pixels of a canvas and of ImageData", async () => {
    const opaque = noise.map((level, i) => (i % 4 === 3 ? 255 : level));
    const data = new ImageData(Uint8ClampedArray.from(opaque), WIDTH, HEIGHT);
    const expected = toRgb(
      { mode: "RGBA", data: Uint8Array.from(opaque) },
      { width: WIDTH, height: HEIGHT },
    );
    const page = document.createElement("canvas");
    page.width = WIDTH;
    page.height = HEIGHT;
    const offscreen = new OffscreenCanvas(WIDTH, HEIGHT);
    for (const canvas of [page, offscreen]) {
      (canvas.getContext("2d") as CanvasRenderingContext2D).putImageData(data, 0, 0);
    }
    for (const source of [data, page, offscreen]) {
      expect(await captureFrame(source)).toEqual(expected);
    }
  });

  it("refuses to read where the browser alters what is read", async () => {
    const prototype = OffscreenCanvasRenderingContext2D.prototype;
    const { getImageData } = prototype;
    prototype.getImageData = function altered(...parameters) {
      const read = getImageData.apply(this, parameters);
      // One low bit, as browsers that protect against fingerprinting do.
      read.data[40]! ^= 1;
      return read;
    };
    try {
      const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
      canvas.getContext("2d")!.fillRect(0, 0, WIDTH, HEIGHT);
      await expect(captureFrame(canvas)).rejects.toMatchObject({
        code: "unsupported",
        message: expect.stringContaining("this browser alters them") as string,
      });
    } finally {
      prototype.getImageData = getImageData;
    }
  });

  it("agrees with decodeImage about a photograph", async () => {
    const bytes = await fetchBytes(fixtureUrl("images", "photo-444.jpg"));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const { image } = await decodeImage(bytes);
    expect(firstDifference((await captureFrame(bitmap)).data, image.data)).toBe(-1);
  });
});
