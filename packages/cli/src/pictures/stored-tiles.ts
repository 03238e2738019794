// Tiles that somebody prepared already as visual input: a tensor in a safetensors file.

import type { PromptPlan, Span, Tensor } from "@internvit/model-core";
import { IMAGENET_NORMALIZATION } from "@internvit/preprocess";

import { CliError } from "../errors.ts";
import { openStoredPixels, readStoredPixels, type StoredPixels } from "./stored-pixels.ts";
import type { VisualInput } from "./visual-input.ts";

/**
 * The tiles that `file:key` names, by default all of one picture, as in the reference.
 *
 * @throws CliError `usage` when the tiles per picture do not add up to the tiles of the tensor, or they are not square.
 */
export async function storedTiles(
  label: string,
  options: {
    /** How many tiles each picture has; undefined: all are of one. */
    readonly tilesPerImage: readonly number[] | undefined;
    readonly tokensPerTile: (tileSize: number) => number;
    readonly signal: AbortSignal;
  },
): Promise<VisualInput> {
  const { signal } = options;
  const stored = await openStoredPixels(label, { signal });
  const { count, size } = stored;
  if (size.height !== size.width) {
    throw new CliError(
      "malformed",
      `${label}: tiles are square, found ${size.width}x${size.height}`,
    );
  }
  const counts = options.tilesPerImage ?? [count];
  const total = counts.reduce((sum, tiles) => sum + tiles, 0);
  if (total !== count) {
    throw new CliError(
      "usage",
      `--tiles-per-image: expected numbers that add up to the ${count} tiles of ${label}, found ${counts.join(" + ")} = ${total}`,
    );
  }
  const perTile = options.tokensPerTile(size.height);
  const spans = consecutive(counts);
  const plan: PromptPlan = {
    kind: "images",
    pictures: spans.map(({ start, end }) => ({
      tokens: { start: start * perTile, end: end * perTile },
    })),
  };
  return {
    tileSize: size.height,
    tileCount: count,
    normalization: IMAGENET_NORMALIZATION,
    plan,
    pictures: counts.map((tiles, index) => ({
      label: counts.length === 1 ? label : `${label}[${index}]`,
      tiles,
      facts: { tile_count: tiles },
    })),
    facts: { preprocess: `none: ${stored.entry.dtype} pixels from ${label}` },
    pixels: () => pixelsOf(stored, counts, signal),
    async [Symbol.asyncDispose]() {},
  };
}

async function* pixelsOf(
  stored: StoredPixels,
  counts: readonly number[],
  signal: AbortSignal,
): ReturnType<VisualInput["pixels"]> {
  for (const [index, { start, end }] of consecutive(counts).entries()) {
    yield { index, pixels: await readRows(stored, { start, end }, signal) };
  }
}

async function readRows(
  stored: StoredPixels,
  { start, end }: Span,
  signal: AbortSignal,
): Promise<Tensor<"uint8"> | Tensor<"float32">> {
  const { entry, count } = stored;
  const rowBytes = entry.byteLength / count;
  const rows = {
    ...stored,
    count: end - start,
    entry: {
      ...entry,
      shape: [end - start, ...entry.shape.slice(1)],
      start: entry.start + start * rowBytes,
      byteLength: (end - start) * rowBytes,
    },
  };
  for await (const { pixels } of readStoredPixels(rows, { batchSize: end - start, signal })) {
    return pixels;
  }
  throw new Error(`no rows ${start} to ${end} in ${stored.label}`);
}

function consecutive(counts: readonly number[]): readonly Span[] {
  let start = 0;
  return counts.map((count) => ({ start, end: (start += count) }));
}
