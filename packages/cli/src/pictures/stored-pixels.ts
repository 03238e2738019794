// Pixels that somebody prepared already: a tensor in a safetensors file, read batch by batch.

import {
  type ByteSource,
  type InputSize,
  readSafetensorsHeader,
  readTensor,
  type SafetensorsEntry,
  type Tensor,
} from "@internvit/model-core";
import { fileSource } from "@internvit/runtime-node";

import { CliError } from "../errors.ts";
import type { PixelBatch } from "./pixel-batch.ts";

/** A tensor of pixels in a file. */
export interface StoredPixels {
  /** As it was asked for, `file:key`. */
  readonly label: string;
  readonly source: ByteSource;
  readonly entry: SafetensorsEntry;
  readonly count: number;
  readonly size: InputSize;
}

/** Names in a message before it says "and more". */
const MAX_LISTED = 10;

/**
 * Finds the tensor that `file:key` names; the last ":" separates. It is float32 [n, 3, height, width], normalised
 * already, or uint8 [n, height, width, 3].
 *
 * @throws CliError `usage`, `not-found` or `malformed`; ModelError for a file that is no safetensors.
 */
export async function openStoredPixels(
  label: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<StoredPixels> {
  const colon = label.lastIndexOf(":");
  const file = label.slice(0, colon);
  const key = label.slice(colon + 1);
  if (colon < 1 || key === "") {
    throw new CliError(
      "usage",
      `--pixel-values: expected <file.safetensors>:<key>, found ${label}`,
    );
  }
  const source = await fileSource(file);
  if (source === undefined) {
    throw new CliError("not-found", `${file}: expected a safetensors file, found nothing`);
  }
  const { tensors } = await readSafetensorsHeader(source, { subject: file, signal });
  const entry = tensors.get(key);
  if (entry === undefined) {
    throw new CliError("not-found", `${file} has no tensor ${key}; it has ${list(tensors.keys())}`);
  }
  return { label, source, entry, ...pixelShape(entry, file) };
}

/** The pixels in batches; sources are called `file:key[index]`. */
export async function* readStoredPixels(
  { label, source, entry, count }: StoredPixels,
  options: { readonly batchSize: number; readonly signal: AbortSignal },
): AsyncGenerator<PixelBatch> {
  const { batchSize, signal } = options;
  const rowBytes = entry.byteLength / count;
  for (let first = 0; first < count; first += batchSize) {
    const rows = Math.min(batchSize, count - first);
    const slice = {
      ...entry,
      shape: [rows, ...entry.shape.slice(1)],
      start: entry.start + first * rowBytes,
      byteLength: rows * rowBytes,
    };
    const tensor = await readTensor(source, slice, { signal });
    yield {
      pixels: tensor as Tensor<"uint8"> | Tensor<"float32">,
      sources: Array.from({ length: rows }, (_, row) => `${label}[${first + row}]`),
    };
  }
}

function pixelShape(
  entry: SafetensorsEntry,
  file: string,
): { readonly count: number; readonly size: InputSize } {
  const { name, dtype, dtypeCode, shape } = entry;
  const [count = 0, second = 0, third = 0, fourth = 0] = shape;
  const planar = dtype === "float32" && second === 3;
  const interleaved = dtype === "uint8" && fourth === 3;
  if (shape.length !== 4 || count < 1 || !(planar || interleaved)) {
    throw new CliError(
      "malformed",
      `${file}: tensor ${name}: expected float32 [n, 3, height, width] or uint8 [n, height, width, 3] with n ≥ 1, found ${dtype ?? dtypeCode} [${shape.join(", ")}]`,
    );
  }
  return {
    count,
    size: planar ? { height: third, width: fourth } : { height: second, width: third },
  };
}

function list(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, MAX_LISTED).join(", ");
  if (all.length === 0) return "none";
  return all.length > MAX_LISTED ? `${shown} and ${all.length - MAX_LISTED} more` : shown;
}
