// From image files to the encoder's input, in order and with bounded memory: a decoded picture is dropped as soon as
// it is prepared, and only a few are under way at a time.

import { isPreprocessError, PreprocessError, type RgbImage } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/sharp";
import { type Preparation, mapAhead, preparePicture } from "@internvit/runtime-node";

import type { FailedEvent } from "../events.ts";
import type { PictureBatch } from "./pixel-batch.ts";

/** How files are decoded. */
export interface DecodeLimits {
  readonly orientation: "ignore" | "apply";
  readonly maxPixels: number | undefined;
  readonly maxSide: number | undefined;
}

/** Options of `preparePictures`. */
export interface PreparePicturesOptions extends DecodeLimits {
  readonly preparation: Preparation;
  /** Pictures in a batch. */
  readonly batchSize: number;
  /** Pictures that are decoded while the consumer works on a batch. */
  readonly ahead: number;
  /** Told of each picture that cannot be used; without it the first such picture ends everything. */
  readonly onFailed: ((failed: FailedEvent) => void) | undefined;
  readonly signal: AbortSignal;
}

interface PreparedPicture {
  readonly file: string;
  readonly image: RgbImage;
}

/**
 * The pictures in batches.
 *
 * @throws PreprocessError for the first picture that cannot be used, unless there is `onFailed`; the signal's reason.
 */
export async function* preparePictures(
  files: readonly string[],
  options: PreparePicturesOptions,
): AsyncGenerator<PictureBatch> {
  const { batchSize, ahead, onFailed, signal } = options;
  let batch: PreparedPicture[] = [];
  const outcomes = mapAhead(files, { ahead, map: (file) => prepare(file, options) });
  for await (const outcome of outcomes) {
    signal.throwIfAborted();
    if ("image" in outcome) batch.push(outcome);
    else if (onFailed === undefined) throw outcome.error;
    else {
      const { code, message } = outcome.error;
      onFailed({ event: "failed", file: outcome.file, code, message });
    }
    if (batch.length === batchSize) {
      yield toBatch(batch);
      batch = [];
    }
  }
  if (batch.length > 0) yield toBatch(batch);
}

/** Decodes and prepares one file; what is wrong with the file itself is a value, anything else is thrown. */
async function prepare(
  file: string,
  options: PreparePicturesOptions,
): Promise<PreparedPicture | { readonly file: string; readonly error: PreprocessError }> {
  const { preparation, orientation, maxPixels, maxSide, signal } = options;
  try {
    const { image } = await decodeImage(file, {
      orientation,
      signal,
      ...(maxPixels === undefined ? {} : { maxPixels }),
      ...(maxSide === undefined ? {} : { maxSide }),
    });
    return { file, image: preparePicture(image, preparation) };
  } catch (error) {
    if (isPreprocessError(error)) return { file, error: withFile(error, file) };
    throw error;
  }
}

/** Errors of the decoder name the file already, those of resizing do not. */
function withFile(error: PreprocessError, file: string): PreprocessError {
  if (error.subject !== undefined) return error;
  return new PreprocessError(error.code, `${file}: ${error.message}`, {
    subject: file,
    cause: error,
  });
}

function toBatch(pictures: readonly PreparedPicture[]): PictureBatch {
  return {
    images: pictures.map(({ image }) => image),
    sources: pictures.map(({ file }) => file),
  };
}
