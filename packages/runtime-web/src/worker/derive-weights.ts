// Weights that are made from a checkpoint's, group by group of tensors: kept in the browser's storage (keep-weights.ts), or
// as Blobs, which the browser keeps outside of JavaScript's memory, on disk when they are many.

import {
  type DerivedGroup,
  type EncoderWeights,
  type LayerSpread,
  maySpread,
  measureChannels,
  type ProjectorWeights,
  type ReadWeights,
  spreadOf,
  type WeightSlice,
} from "@internvit/model-core";
import { weightReader } from "@internvit/model-core/session";

import { derivedBytes, groupsFrom } from "./derived-bytes.ts";
import { freeBuffer } from "./free-buffer.ts";
import type { KeepOrder, WeightProgress } from "./keep-order.ts";
import { dropKept, keepWeights, type MadeWeights } from "./keep-weights.ts";
import type { FilesToMake } from "./write-kept.ts";
import type { SourceFile, WeightRecipe } from "./protocol.ts";
import { type AskForBytes, readAhead } from "./read-ahead.ts";
import { needsMeasuring, planWeights } from "./weight-plan.ts";

/** Options of `deriveWeights`. */
export interface DeriveOptions {
  readonly files: Readonly<Record<string, SourceFile>>;
  readonly ask: AskForBytes;
  /** Undefined: nothing is kept. */
  readonly keep: KeepOrder | undefined;
  readonly onProgress: (progress: WeightProgress) => void;
}

/** The files of a recipe's plan. Rejects with what reading and keeping reject with. */
export async function deriveWeights(
  recipe: WeightRecipe,
  options: DeriveOptions,
): Promise<MadeWeights> {
  const { keep, onProgress } = options;
  const staged = { drop: async (): Promise<void> => undefined };
  const make = async (): Promise<FilesToMake> => {
    if (!needsMeasuring(recipe.form)) return filesToMake(recipe, options);
    // Read more than once, so fetched first.
    const local = await stage(recipe, options);
    staged.drop = local.drop;
    return filesToMake(local.recipe, { ...options, files: local.files });
  };
  if (keep !== undefined) {
    const kept = await keepWeights(keep, {
      lengths: (spread) => lengthsOf(recipe, spread),
      make,
      onProgress,
    });
    await staged.drop();
    if ("files" in kept) return kept;
    return { ...(await toBlobs(await make(), onProgress)), report: kept.report };
  }
  const report = { place: undefined, passedOver: [], found: false, damage: undefined };
  return { ...(await toBlobs(await make(), onProgress)), report };
}

function lengthsOf(
  recipe: WeightRecipe,
  spread: readonly LayerSpread[] | undefined,
): Readonly<Record<string, number>> {
  const { files } = planWeights(recipe, { spread });
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.byteLength]));
}

async function filesToMake(
  recipe: WeightRecipe,
  { files, ask }: Pick<DeriveOptions, "files" | "ask">,
): Promise<FilesToMake> {
  const { form, encoder } = recipe;
  let spread: readonly LayerSpread[] | undefined;
  let plan = planWeights(recipe);
  if (needsMeasuring(form)) {
    const layers = encoder.layers.length;
    const channels = await measureChannels(encoder, {
      read: weightReader(blobSources(files), {}),
      spreads: (layer) => maySpread(layer, { ...form, layers }),
    });
    spread = spreadOf(channels);
    plan = planWeights(recipe, { spread, channels });
  }
  const made = Object.entries(plan.files).map(([name, { groups, byteLength }]) => {
    const bytes = (from: number): AsyncIterable<Uint8Array<ArrayBuffer>> =>
      derivedBytes(groups, { from, read: readerOf(groupsFrom(groups, from), { files, ask }) });
    return [name, { byteLength, bytes }] as const;
  });
  return { spread, files: Object.fromEntries(made) };
}

/** Reads what the groups say that they read: from Blobs, and ahead where the page has to fetch it. */
function readerOf(
  groups: readonly DerivedGroup[],
  { files, ask }: Pick<DeriveOptions, "files" | "ask">,
): ReadWeights {
  const local = blobSources(files);
  const remote = groups.flatMap(({ reads }) => reads).filter(({ file }) => !local.has(file));
  const fetch = readAhead(remote, ask);
  const fromBlobs = weightReader(local, {});
  return async (slice: WeightSlice) => {
    if (local.has(slice.file)) return fromBlobs(slice);
    const { file, byteLength } = slice;
    const bytes = await fetch(slice);
    const source = { byteLength, read: async () => bytes };
    const values = await weightReader(new Map([[file, source]]), {})(slice);
    if (values.buffer !== bytes.buffer) freeBuffer(bytes.buffer);
    return values;
  };
}

function blobSources(files: DeriveOptions["files"]): Parameters<typeof weightReader>[0] {
  const blobs = Object.entries(files).flatMap(([name, file]) =>
    typeof file === "number" ? [] : ([[name, file]] as const),
  );
  return new Map(
    blobs.map(([name, blob]) => [
      name,
      {
        byteLength: blob.size,
        read: async (start: number, end: number) =>
          new Uint8Array(await blob.slice(start, end).arrayBuffer()),
      },
    ]),
  );
}

/** The recipe over Blobs, which may be read more than once: a copy in the checkpoint's types, fetched where it must be. */
async function stage(
  recipe: WeightRecipe,
  options: DeriveOptions,
): Promise<{
  readonly recipe: WeightRecipe;
  readonly files: DeriveOptions["files"];
  readonly drop: () => Promise<void>;
}> {
  const { keep, files } = options;
  if (Object.values(files).every((file) => typeof file !== "number")) {
    return { recipe, files, drop: async () => undefined };
  }
  const copied: WeightRecipe = { ...recipe, form: { kind: "aligned", float32: false } };
  const order =
    keep === undefined
      ? undefined
      : {
          ...keep,
          about: {
            ...keep.about,
            key: `${keep.about.key}-copy`,
            form: `copy on the way to ${keep.about.form}`,
          },
          record: undefined,
        };
  const copy = await deriveWeights(copied, { ...options, keep: order });
  const plan = planWeights(copied);
  return {
    recipe: {
      form: recipe.form,
      encoder: plan.encoder as EncoderWeights,
      projector: plan.projector as ProjectorWeights | undefined,
    },
    files: copy.files,
    drop: async () => (order === undefined ? undefined : dropKept(order)),
  };
}

async function toBlobs(
  { spread, files }: FilesToMake,
  onProgress: DeriveOptions["onProgress"],
): Promise<Pick<MadeWeights, "files" | "spread">> {
  const totalBytes = Object.values(files).reduce((sum, { byteLength }) => sum + byteLength, 0);
  let loadedBytes = 0;
  const blobs: Record<string, Blob> = {};
  for (const [name, { bytes }] of Object.entries(files)) {
    // A Blob of each tensor, not its array: an array would stay in memory until the whole is made.
    const parts: Blob[] = [];
    for await (const part of bytes(0)) {
      parts.push(new Blob([part]));
      loadedBytes += part.byteLength;
      onProgress({ phase: "fetch", loadedBytes, totalBytes });
    }
    blobs[name] = new Blob(parts);
  }
  return { files: blobs, spread };
}
