// A class for every pixel, and OpenCV's nearest resize of it.

import type { Window } from "@internvit/preprocess";

/** A class for every pixel of a picture. `data` is row-major: `[height, width]`. */
export interface LabelMap {
  readonly width: number;
  readonly height: number;
  /** `height * width` class indices; `IGNORED_LABEL` belongs to no class. */
  readonly data: Uint8Array;
}

/** Pixels of this label count neither in the loss nor in scores. */
export const IGNORED_LABEL = 255;

/**
 * ADE20K's labels, where 0 means none, as class indices: 0 becomes `IGNORED_LABEL`, every class one less; what is
 * ignored stays ignored. A new label map.
 */
export function reduceZeroLabel(label: LabelMap): LabelMap {
  return { ...label, data: label.data.map(withoutZero) };
}

/** The same for one label. */
export function withoutZero(label: number): number {
  return label === 0 || label === IGNORED_LABEL ? IGNORED_LABEL : label - 1;
}

/**
 * A window of the label map at another size, without mixing classes, as OpenCV's INTER_NEAREST does it: a new label
 * map of the window's size.
 */
export function resizeLabel(
  label: LabelMap,
  options: {
    /** Pixels in a row of the whole result. */
    readonly width: number;
    /** Rows of the whole result. */
    readonly height: number;
    /** The part of it that is wanted. Default: all. */
    readonly window?: Window;
  },
): LabelMap {
  const { width, height } = options;
  const { window = { left: 0, top: 0, width, height } } = options;
  const { columns, rows } = nearestSources(label, { width, height, window });
  const data = new Uint8Array(window.width * window.height);
  let at = 0;
  for (const row of rows) {
    const start = row * label.width;
    for (let x = 0; x < columns.length; x++) data[at++] = label.data[start + columns[x]!]!;
  }
  return { width: window.width, height: window.height, data };
}

/** Columns and rows of a label map that a window of it resized to `width` x `height` takes its pixels from. */
export function nearestSources(
  label: LabelMap,
  resized: { readonly width: number; readonly height: number; readonly window: Window },
): { readonly columns: Int32Array; readonly rows: Int32Array } {
  const { width, height, window } = resized;
  return {
    columns: sourcesAlong(label.width, { target: width, first: window.left, count: window.width }),
    rows: sourcesAlong(label.height, { target: height, first: window.top, count: window.height }),
  };
}

/** Source indices along one axis: floor(i * scale). */
function sourcesAlong(
  source: number,
  axis: { readonly target: number; readonly first: number; readonly count: number },
): Int32Array {
  // The scale is the inverse of an inverse, as in OpenCV; with source / target, products that should be whole numbers
  // come out one index higher.
  const scale = 1 / (axis.target / source);
  return Int32Array.from({ length: axis.count }, (_, i) =>
    Math.min(Math.floor((axis.first + i) * scale), source - 1),
  );
}
