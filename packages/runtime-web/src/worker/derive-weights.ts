// Weights that are made from a checkpoint's, tensor by tensor, into Blobs: the browser keeps those outside of
// JavaScript's memory, on disk when they are many. Whoever wants to keep them for longer (OPFS) puts another
// `createSink` here.

import { type ByteSource, type ReadWeights, weightReader } from "@internvit/model-core";

import type { SourceFile, WeightBlobs, WeightRecipe } from "./protocol.ts";
import { type PlannedFile, planWeights } from "./weight-plan.ts";

/** Reads bytes that only the page has. */
export type AskForBytes = (file: string, start: number, end: number) => Promise<Uint8Array>;

/** The files of a recipe's plan. Rejects with what reading rejects with. */
export async function deriveWeights(
  recipe: WeightRecipe,
  files: Readonly<Record<string, SourceFile>>,
  ask: AskForBytes,
): Promise<WeightBlobs> {
  const sources = new Map(
    Object.entries(files).map(([name, file]) => [name, sourceOf(name, file, ask)]),
  );
  const read = weightReader(sources, {});
  const blobs: Record<string, Blob> = {};
  for (const [name, planned] of Object.entries(planWeights(recipe).files)) {
    blobs[name] = await makeFile(planned, read);
  }
  return blobs;
}

function sourceOf(name: string, file: SourceFile, ask: AskForBytes): ByteSource {
  if (typeof file === "number") {
    return { byteLength: file, read: (start, end) => ask(name, start, end) };
  }
  return {
    byteLength: file.size,
    read: async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer()),
  };
}

async function makeFile({ groups }: PlannedFile, read: ReadWeights): Promise<Blob> {
  // A Blob of each tensor, not its array: an array would stay in memory until the whole is made.
  const parts: Blob[] = [];
  let end = 0;
  for (const { tensors, make } of groups) {
    const data = await make(read);
    for (const [index, { start, byteLength }] of tensors.entries()) {
      const values = data[index];
      if (values === undefined) throw new Error(`tensor ${index} of a group was not computed`);
      if (start > end) parts.push(new Blob([new Uint8Array(start - end)]));
      parts.push(new Blob([values]));
      end = start + byteLength;
    }
  }
  return new Blob(parts);
}
