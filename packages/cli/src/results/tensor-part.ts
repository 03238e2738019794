// Rows of one tensor, appended to a temporary file and copied from there into the finished one.

import { open } from "node:fs/promises";

import type { Dtype, Tensor } from "@internvit/model-core";

import { CliError } from "../errors.ts";
import type { TemporaryFile, TemporaryFiles } from "./temporary-files.ts";

const COPY_BYTES = 1 << 20;

/** A tensor whose rows stand in a temporary file. */
export interface TensorPart {
  readonly name: string;
  readonly dtype: Dtype;
  /** [rows so far, …]. */
  readonly shape: readonly number[];
  readonly file: TemporaryFile;
}

/** `part` with more rows; without a part a new one. */
export async function appendRows(
  part: TensorPart | undefined,
  rows: {
    readonly name: string;
    readonly tensor: Tensor;
    readonly temporaries: TemporaryFiles;
  },
): Promise<TensorPart> {
  const { name, tensor, temporaries } = rows;
  const { dtype, data, shape } = tensor;
  const [count = 0, ...rest] = shape;
  const file = part?.file ?? (await temporaries.create());
  await file.append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { name, dtype, shape: [(part?.shape[0] ?? 0) + count, ...rest], file };
}

/** Copies a part to the end of another file and removes it. */
export async function movePart(
  { file: source }: TensorPart,
  options: {
    readonly target: TemporaryFile;
    readonly temporaries: TemporaryFiles;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { target, temporaries, signal } = options;
  await using handle = await open(source.path);
  const buffer = new Uint8Array(COPY_BYTES);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer).catch((cause: unknown) => {
      throw new CliError("io", `${source.path} cannot be read again: ${String(cause)}`, { cause });
    });
    if (bytesRead === 0) break;
    await target.append(buffer.subarray(0, bytesRead));
  }
  await temporaries.remove(source);
}
