import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openVideoFile } from "../../src/video-node/index.ts";
import { loadMediabunny } from "../../src/video-node/mediabunny-file.ts";
import { openVideoFileWith } from "../../src/video-node/open-video-file.ts";
import { allIndices, collect, GIFS, numberDrawnIn, sha256 } from "../video/expected-frames.ts";
import { requireFfmpeg, runFfmpeg } from "./require-ffmpeg.ts";

const H264 = fixturePath("video", "h264.mp4");
const DECODERS = ["mediabunny", "ffmpeg"] as const;

let directory = "";

beforeAll(async () => {
  requireFfmpeg();
  directory = await mkdtemp(join(tmpdir(), "internvit-video-"));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, bytes);
  return path;
}

/** Opens a file and decodes all of it. */
async function decodeAll(path: string, decoder: "mediabunny" | "ffmpeg"): Promise<number> {
  await using video = await openVideoFile(path, { decoder });
  return (await collect(video.frames(allIndices(video)))).length;
}

/** The first fixture sixty times: 1800 frames, their numbers from 0 to 29 again and again. */
async function loopedVideo(): Promise<string> {
  const path = join(directory, "looped.mp4");
  if (!existsSync(path)) runFfmpeg(["-stream_loop", "59", "-i", H264, "-c", "copy", path]);
  return path;
}

/** The first fixture in a container that mediabunny does not know. */
function aviVideo(): string {
  const path = join(directory, "copy.avi");
  runFfmpeg(["-i", H264, "-c", "copy", path]);
  return path;
}

describe("openVideoFile", () => {
  it.each(Object.keys(GIFS))("gives all frames of %s as Pillow does", async (name) => {
    await using video = await openVideoFile(fixturePath(name));
    const images = await collect(video.frames(allIndices(video)));
    expect(images.map(sha256)).toEqual(GIFS[name]);
    const back = await collect(video.frames([video.frameCount - 1, 0]));
    expect(back.map(sha256)).toEqual([GIFS[name]!.at(-1), GIFS[name]![0]]);
  });

  it("takes a GIF's rate from its delays", async () => {
    await using video = await openVideoFile(fixturePath("video", "disposal.gif"));
    expect([video.frameCount, video.framesPerSecond]).toEqual([8, 8]);
    expect(video.decoder).toBe("own GIF reader");
  });

  it("reads a folder of frames in the order of their numbers", async () => {
    await using video = await openVideoFile(fixturePath("video", "frames"));
    expect([video.frameCount, video.framesPerSecond]).toEqual([12, undefined]);
    expect([video.width, video.height]).toEqual([48, 32]);
    const images = await collect(video.frames([0, 1, 9, 11, 11, 10]));
    expect(images.map(numberDrawnIn)).toEqual([0, 1, 9, 11, 11, 10]);
  });

  it("tells what a file is by its content", async () => {
    const path = join(directory, "clip.jpg");
    await copyFile(H264, path);
    await using video = await openVideoFile(path);
    expect(video.frameCount).toBe(30);
  });

  it.each(["-i.mp4", "a%03d.mp4", "con cat:'x'.mp4", 'é"$(date).mp4'])(
    "opens a file called %s",
    async (name) => {
      const path = join(directory, name);
      await copyFile(H264, path);
      for (const decoder of DECODERS) {
        await using video = await openVideoFile(path, { decoder });
        expect((await collect(video.frames([7]))).map(numberDrawnIn)).toEqual([7]);
      }
    },
  );

  it("decodes thousands of scattered indices with ffmpeg", async () => {
    // More ranges than one expression holds.
    const frames = await loopedVideo();
    await using video = await openVideoFile(frames, { decoder: "ffmpeg" });
    expect(video.frameCount).toBe(1800);
    const odd = Array.from({ length: 900 }, (_, i) => 2 * i + 1);
    const images = await collect(video.frames(odd));
    expect(images.map(numberDrawnIn)).toEqual(odd.map((index) => index % 30));
  });

  it.each(DECODERS)(
    "says that a truncated or corrupt file is malformed, with %s",
    async (decoder) => {
      const whole = await readFile(H264);
      const corrupt = Uint8Array.from(whole);
      const media = whole.indexOf("mdat");
      for (let at = media + 1000; at < media + 1400; at++)
        corrupt[at] = (corrupt[at]! * 7 + 13) & 255;
      const webm = await readFile(fixturePath("video", "vp9.webm"));
      const files = {
        "no-index.mp4": whole.subarray(0, 2500),
        "cut.webm": webm.subarray(0, 2000),
        "corrupt.mp4": corrupt,
        "empty.mp4": new Uint8Array(0),
      };
      for (const [name, bytes] of Object.entries(files)) {
        const path = await write(name, bytes);
        await expect(decodeAll(path, decoder), name).rejects.toMatchObject({
          name: "PreprocessError",
          code: "malformed",
          subject: path,
          message: expect.stringContaining(name),
        });
      }
    },
  );

  it.each([417, 3516])("does not read a WebM in circles, broken at byte %d", async (at) => {
    const webm = Uint8Array.from(await readFile(fixturePath("video", "vp9.webm")));
    webm[at] = 0;
    const path = await write("circle.webm", webm);
    await expect(decodeAll(path, "mediabunny")).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("leads back"),
    });
  });

  it.each([
    ["a picture", fixturePath("images", "rgb.png"), "unsupported", "found a PNG picture"],
    ["nothing", "no-such.mp4", "not-found", "found nothing"],
    ["an empty folder", "", "malformed", "expected a folder of frames"],
    ["a broken GIF", "broken.gif", "malformed", "broken.gif"],
  ])("refuses %s", async (_, file, code, message) => {
    const gif = await readFile(fixturePath("video", "disposal.gif"));
    await write("broken.gif", gif.subarray(0, 200));
    await mkdir(join(directory, "empty"), { recursive: true });
    const path =
      file === "" ? join(directory, "empty") : file.startsWith("/") ? file : join(directory, file);
    const reading = (async () => {
      await using video = await openVideoFile(path);
      await collect(video.frames(allIndices(video)));
    })();
    await expect(reading).rejects.toMatchObject({
      name: "PreprocessError",
      code,
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ...DECODERS.map((decoder) => [H264, decoder] as const),
    [fixturePath("video", "disposal.gif"), "auto"] as const,
    [fixturePath("video", "frames"), "auto"] as const,
  ])("refuses frames beyond the limits: %s with %s", async (path, decoder) => {
    for (const limit of [{ maxPixels: 100 }, { maxSide: 12 }]) {
      await expect(openVideoFile(path, { decoder, ...limit })).rejects.toMatchObject({
        code: "too-large",
      });
    }
  });

  it.each(DECODERS)("stops when the signal is aborted, with %s", async (decoder) => {
    const path = await loopedVideo();
    const early = openVideoFile(path, {
      decoder,
      signal: AbortSignal.abort(new Error("too late")),
    });
    await expect(early).rejects.toThrow("too late");
    const controller = new AbortController();
    await using video = await openVideoFile(path, { decoder });
    let seen = 0;
    const reading = (async () => {
      for await (const image of video.frames(allIndices(video), { signal: controller.signal })) {
        expect(image.width).toBe(96);
        seen++;
        setTimeout(() => controller.abort(new Error("enough")), 1);
        await new Promise((resolve) => {
          setTimeout(resolve, 5);
        });
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    expect(seen).toBeLessThan(10);
  });

  it.each(DECODERS)("is disposed under a running iteration, with %s", async (decoder) => {
    const video = await openVideoFile(await loopedVideo(), { decoder });
    const frames = video.frames(allIndices(video))[Symbol.asyncIterator]();
    await frames.next();
    await video.dispose();
    await expect(frames.next()).rejects.toThrow("the video source is disposed");
  });
});

async function notInstalled(): Promise<never> {
  throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
}

async function noBinary(): Promise<never> {
  throw new Error("Could not load the node-av native binding for linux-x64.\nErrors:");
}

describe("choosing a decoder", () => {
  const nowhere = { searchPath: "", loadMediabunny: notInstalled };
  const ffmpegOnly = { searchPath: process.env["PATH"] ?? "", loadMediabunny: notInstalled };

  it("takes mediabunny first", async () => {
    await using video = await openVideoFile(H264);
    expect(video.decoder).toMatch(/^mediabunny/u);
  });

  it("takes ffmpeg where mediabunny is not installed", async () => {
    await using video = await openVideoFileWith(H264, { environment: ffmpegOnly });
    expect(video.decoder).toMatch(/^ffmpeg/u);
  });

  it("takes ffmpeg for a container that mediabunny does not read", async () => {
    const path = aviVideo();
    await using video = await openVideoFile(path);
    expect(video.decoder).toMatch(/^ffmpeg/u);
    expect((await collect(video.frames([11]))).map(numberDrawnIn)).toEqual([11]);
  });

  it("names both ways to get a decoder where there is none", async () => {
    await expect(openVideoFileWith(H264, { environment: nowhere })).rejects.toMatchObject({
      code: "unsupported",
      subject: H264,
      message: expect.stringMatching(
        /h264\.mp4: no decoder.*not installed; ffmpeg is not on the PATH\. Get one: `npm install mediabunny @mediabunny\/server` or FFmpeg \(`apt-get install ffmpeg`/u,
      ),
    });
  });

  it("says that the native binary is missing where only that is", async () => {
    const environment = { searchPath: "", loadMediabunny: noBinary };
    await expect(openVideoFileWith(H264, { environment })).rejects.toThrow(
      /installed, but its native binary is missing/u,
    );
  });

  it("says that ffprobe is missing where ffmpeg is there", async () => {
    const folder = join(directory, "half");
    await mkdir(folder);
    await symlink(process.execPath, join(folder, "ffmpeg"));
    const environment = { ...nowhere, searchPath: folder };
    await expect(openVideoFileWith(H264, { environment })).rejects.toThrow(
      "ffmpeg is on the PATH, but ffprobe is not",
    );
  });

  it("never runs a program from a folder that is not absolute", async () => {
    const environment = { ...nowhere, searchPath: ":.:bin" };
    await expect(openVideoFileWith(H264, { environment })).rejects.toThrow("not on the PATH");
  });

  it("never replaces a decoder that is named", async () => {
    const options = { decoder: "mediabunny", environment: ffmpegOnly } as const;
    await expect(openVideoFileWith(H264, options)).rejects.toMatchObject({ code: "unsupported" });
    const environment = { searchPath: "", loadMediabunny };
    await expect(openVideoFileWith(H264, { decoder: "ffmpeg", environment })).rejects.toMatchObject(
      { code: "unsupported" },
    );
  });
});
