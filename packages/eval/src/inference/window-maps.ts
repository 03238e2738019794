// A picture's windows through encoder and head, several windows at once.

import type { Tensor } from "@internvit/model-core";
import type { RgbImage } from "@internvit/preprocess";

import { EvalError } from "../errors.ts";
import { mapAhead } from "../runs/ahead.ts";
import type { InferenceSettings } from "./inference-settings.ts";
import type { WindowMaps } from "./logit-rows.ts";
import type { WindowLogits } from "./window-logits.ts";
import { type WindowSpan, windowSpans } from "./window-spans.ts";

/** Calls of `WindowLogits.run` that are waited for at once. */
const UNDER_WAY = 2;

/**
 * The logits of every window of a picture whose sides are multiples of the patch.
 *
 * @throws EvalError `mismatch` for logits of another shape, `invalid-data` for logits that are not numbers
 */
export async function windowMaps(
  image: RgbImage,
  options: {
    readonly logits: WindowLogits;
    readonly mode: InferenceSettings["mode"];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<WindowMaps> {
  const { logits, mode, signal } = options;
  const { classes } = logits;
  const spans = (side: number): readonly WindowSpan[] =>
    mode.kind === "whole"
      ? [[0, side]]
      : windowSpans(side, { crop: mode.window, stride: mode.stride });
  const [rows, columns] = [spans(image.height), spans(image.width)];
  const corners = rows.flatMap(([top]) => columns.map(([left]) => ({ top, left })));
  const batches = Array.from({ length: Math.ceil(corners.length / logits.batch) }, (_, at) =>
    corners.slice(at * logits.batch, (at + 1) * logits.batch),
  );
  const size = { height: rows[0]![1] - rows[0]![0], width: columns[0]![1] - columns[0]![0] };
  const maps: Float32Array[] = [];
  let mapSize = { height: 0, width: 0 };
  const run = (batch: readonly Corner[]): Promise<Tensor<"float32">> => {
    signal?.throwIfAborted();
    return logits.run(cutWindows(image, { corners: batch, ...size }), signal);
  };
  const found = mapAhead(batches, { ahead: UNDER_WAY - 1, map: async (batch) => run(batch) });
  for await (const { shape, data } of found) {
    const [pictures = 0, channels, height = 0, width = 0] = shape;
    const same = maps.length === 0 || (mapSize.height === height && mapSize.width === width);
    const fits = data.length === pictures * classes * height * width && channels === classes;
    if (!(same && fits && pictures > 0)) {
      throw new EvalError(
        "mismatch",
        `logits of ${size.width}x${size.height} windows: expected ${classes} classes on one grid, got [${shape.join(", ")}]`,
      );
    }
    mapSize = { height, width };
    const length = classes * height * width;
    for (let at = 0; at < data.length; at += length) {
      maps.push(classesLast(data.subarray(at, at + length), classes));
    }
  }
  if (maps.length !== corners.length) {
    throw new EvalError(
      "mismatch",
      `expected logits of ${corners.length} windows, got those of ${maps.length}`,
    );
  }
  return { classes, rows, columns, mapSize, maps };
}

interface Corner {
  readonly top: number;
  readonly left: number;
}

/** Windows of one size → `[n, height, width, 3]`. */
function cutWindows(
  image: RgbImage,
  options: {
    readonly corners: readonly Corner[];
    readonly height: number;
    readonly width: number;
  },
): Tensor<"uint8"> {
  const { corners, height, width } = options;
  const data = new Uint8Array(corners.length * height * width * 3);
  let out = 0;
  for (const { top, left } of corners) {
    for (let y = top; y < top + height; y++, out += width * 3) {
      const start = (y * image.width + left) * 3;
      data.set(image.data.subarray(start, start + width * 3), out);
    }
  }
  return { dtype: "uint8", shape: [corners.length, height, width, 3], data };
}

/** `[classes, pixels]` → `[pixels, classes]`: what follows works on all classes of a pixel. */
function classesLast(planes: Float32Array, classes: number): Float32Array {
  const pixels = planes.length / classes;
  const map = new Float32Array(planes.length);
  for (let channel = 0, at = 0; channel < classes; channel++) {
    for (let out = channel; out < map.length; out += classes) map[out] = planes[at++]!;
  }
  const wrong = map.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new EvalError(
      "invalid-data",
      `logits of class ${wrong % classes}: expected numbers, got ${map[wrong]} at one of ${pixels} pixels`,
    );
  }
  return map;
}
