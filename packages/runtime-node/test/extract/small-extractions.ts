// A folder of 100 small pictures, six of them bad, and extractions of it: one that nothing disturbed, and such that a
// test starts, ends and looks at.

import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  extractToShards,
  type ExtractionEvent,
  type ExtractToShardsOptions,
  type PictureList,
} from "@internvit/runtime-node";
import { expect } from "vitest";

import {
  countingEncoder,
  PREPARATION,
  temporaryFolder,
  writePictures,
} from "../pipeline/small-pictures.ts";
import { readJson } from "./read-shards.ts";

/** What the extractions compute unless they are told otherwise. */
export const OUTPUTS = ["pooler_output", "last_hidden_state"] as const;

/** The pictures, and what is done with them. */
export interface SmallExtractions {
  /** A folder for what a test writes. */
  readonly path: string;
  readonly list: PictureList;
  /** Other pictures of the same folder. */
  listOf(keys: readonly string[]): PictureList;
  /** An extraction of all pictures that nothing disturbed. */
  readonly undisturbed: string;
  /** What this process wrote into the lock of it. */
  readonly ownLock: object;
  /** A folder that is not there yet, or a copy of an extraction. */
  newOutput(from?: string): string;
  extract(
    options: Partial<ExtractToShardsOptions> & { readonly output: string },
    pictures?: PictureList,
  ): ReturnType<typeof extractToShards>;
  /** An extraction that was ended by its signal when it had written so many pictures. */
  interrupted(pictures: number): Promise<string>;
  [Symbol.dispose](): void;
}

/** The key of a picture. */
export function nameOf(i: number): string {
  return `${String(i).padStart(6, "0")}.png`;
}

/** Writes the pictures and extracts them once. */
export async function smallExtractions(): Promise<SmallExtractions> {
  const folder = temporaryFolder();
  const input = join(folder.path, "pictures");
  const undisturbed = join(folder.path, "undisturbed");
  await writePictures(input, 100);
  for (const i of [0, 17, 18, 19, 20, 99]) writeFileSync(join(input, nameOf(i)), "no picture");
  const listOf = (keys: readonly string[]): PictureList => ({
    keys,
    pathOf: (key) => join(input, key),
  });
  const list = listOf(readdirSync(input).sort());

  let outputs = 0;
  const newOutput = (from?: string): string => {
    const output = join(folder.path, `output-${outputs++}`);
    if (from !== undefined) cpSync(from, output, { recursive: true });
    return output;
  };
  const extract: SmallExtractions["extract"] = (options, pictures = list) =>
    extractToShards(pictures, {
      encoder: countingEncoder({ outputs: OUTPUTS }),
      preparation: PREPARATION,
      batchSize: 4,
      shardSize: 30,
      workers: 1,
      onBadPicture: "skip",
      ...options,
    });
  const interrupted = async (pictures: number): Promise<string> => {
    const output = newOutput();
    const controller = new AbortController();
    const { signal } = controller;
    // Slow enough that it is not at its end when it is to be ended.
    const encoder = countingEncoder({ outputs: OUTPUTS, onRun: () => sleep(20) });
    const onEvent = (event: ExtractionEvent): void => {
      if (event.kind === "progress" && event.progress.done >= pictures) controller.abort();
    };
    await expect(extract({ output, encoder, signal, onEvent })).rejects.toThrow(/abort/i);
    return output;
  };

  let ownLock: object = {};
  const onEvent = (): void => {
    ownLock = readJson<object>(undisturbed, "extraction.lock");
  };
  await extract({ output: undisturbed, onEvent });
  return {
    path: folder.path,
    list,
    listOf,
    undisturbed,
    ownLock,
    newOutput,
    extract,
    interrupted,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
