// A picture's windows through encoder and head, several windows at once.

import type { Tensor } from "@internvit/model-core";
import type { RgbImage } from "@internvit/preprocess";

import type { Size } from "../augment/segmentation/sizes.ts";
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
  let [mapSize, cells, placed] = [{ height: 0, width: 0 }, new Float32Array(0), 0];
  const run = (batch: readonly Corner[]): Promise<Tensor<"float32">> => {
    signal?.throwIfAborted();
    return logits.run(cutWindows(image, { corners: batch, ...size }), signal);
  };
  const found = mapAhead(batches, { ahead: UNDER_WAY - 1, map: async (batch) => run(batch) });
  for await (const { shape, data } of found) {
    const [pictures = 0, channels, height = 0, width = 0] = shape;
    if (placed === 0) {
      mapSize = { height, width };
      cells = new Float32Array(corners.length * height * width * classes);
    }
    const same = mapSize.height === height && mapSize.width === width;
    const length = classes * height * width;
    const fits = data.length === pictures * length && channels === classes;
    if (!(same && fits && pictures > 0 && placed + pictures <= corners.length)) {
      throw new EvalError(
        "mismatch",
        `logits of ${size.width}x${size.height} windows: expected ${classes} classes on one grid, got [${shape.join(", ")}]`,
      );
    }
    for (let at = 0; at < data.length; at += length, placed++) {
      const place = { window: placed, across: columns.length, classes, mapSize };
      placeCells(data.subarray(at, at + length), { ...place, cells });
    }
  }
  if (placed !== corners.length) {
    throw new EvalError(
      "mismatch",
      `expected logits of ${corners.length} windows, got those of ${placed}`,
    );
  }
  return { classes, rows, columns, mapSize, cells };
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

/** `[classes, height, width]` of one window into the cells of all, where all classes of a cell are together. */
function placeCells(
  planes: Float32Array,
  options: {
    /** Its number, row by row of the windows. */
    readonly window: number;
    /** Windows in a row. */
    readonly across: number;
    readonly classes: number;
    readonly mapSize: Size;
    readonly cells: Float32Array;
  },
): void {
  const { window, across, classes, cells } = options;
  const { height, width } = options.mapSize;
  const left = (window % across) * width;
  const top = Math.floor(window / across) * height;
  let wrong = -1;
  for (let label = 0, at = 0; label < classes; label++) {
    for (let y = 0; y < height; y++) {
      let to = ((top + y) * across * width + left) * classes + label;
      for (let x = 0; x < width; x++, at++, to += classes) {
        const value = planes[at]!;
        cells[to] = value;
        if (!Number.isFinite(value)) wrong = at;
      }
    }
  }
  if (wrong < 0) return;
  throw new EvalError(
    "invalid-data",
    `logits of class ${Math.floor(wrong / height / width)}: expected numbers, got ${planes[wrong]}`,
  );
}
