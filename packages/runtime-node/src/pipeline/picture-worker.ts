// A thread of the picture pool: file in, the encoder's bytes out. Whatever is wrong with a picture is an answer too,
// so that the thread ends only when something is wrong with the thread.

import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";

import { isPreprocessError } from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";

import type { PictureResult, PictureTask } from "./picture-task.ts";
import { preparePicture } from "./preparation.ts";

const port = parentPort;
if (port === null) throw new Error("picture-worker.js is started as a worker thread");

// One libvips thread a picture and nothing kept between pictures: the pool is the parallelism.
configureSharp();

async function prepare(task: PictureTask): Promise<PictureResult> {
  const { path, key, preparation, orientation = "ignore", maxPixels, maxSide } = task;
  const begin = performance.now();
  // A file that cannot be read is left to the decoder, which says what is wrong with it.
  const bytes = await readFile(path).catch(() => path);
  const read = performance.now();
  const { image } = await decodeImage(bytes, {
    subject: key,
    orientation,
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(maxSide === undefined ? {} : { maxSide }),
  });
  const decoded = performance.now();
  const { data } = preparePicture(image, preparation);
  // Copied only where it is a part of something larger, which cannot be moved alone.
  const whole = data.byteLength === data.buffer.byteLength && data.buffer instanceof ArrayBuffer;
  const pixels = whole ? (data as Uint8Array<ArrayBuffer>) : Uint8Array.from(data);
  const times = {
    read: read - begin,
    decode: decoded - read,
    preprocess: performance.now() - decoded,
  };
  return { kind: "pixels", pixels, times };
}

function describeFailure(error: unknown, { key }: PictureTask): PictureResult {
  if (!isPreprocessError(error)) {
    return { kind: "fault", message: error instanceof Error ? (error.stack ?? "") : String(error) };
  }
  const message = error.subject === undefined ? `${key}: ${error.message}` : error.message;
  return { kind: "bad", code: error.code, message };
}

port.on("message", async (task: PictureTask) => {
  const result = await prepare(task).catch((error: unknown) => describeFailure(error, task));
  port.postMessage(result, result.kind === "pixels" ? [result.pixels.buffer] : []);
});
