// Weight files that stay: found and checked, or made and written. For each key one tab does it at a time; another waits
// and finds what the first has made. Whatever ends in the middle (a closed tab, a lost network, a full disk) leaves
// chunks and no manifest, and the next try goes on after the last chunk that is what its hash says.

import { type LayerSpread, RuntimeError } from "@internvit/model-core";

import {
  type KeepOrder,
  type KeptAbout,
  keptFolder,
  type KeptManifest,
  type KeptReport,
  lockName,
  type WeightProgress,
} from "./keep-order.ts";
import { checkKept, openKept } from "./check-kept.ts";
import type { WeightBlobs } from "./protocol.ts";
import { type FilesToMake, writeKept } from "./write-kept.ts";
import { openWritableFiles, type WritableFiles } from "./write-stored.ts";

/** Weight files, kept or not. */
export interface MadeWeights {
  readonly files: WeightBlobs;
  readonly spread: readonly LayerSpread[] | undefined;
  readonly report: KeptReport;
}

/** Options of `keepWeights`. */
export interface KeepOptions {
  /** Lengths of the files for a spread; what is stored must have these. */
  readonly lengths: (
    spread: readonly LayerSpread[] | undefined,
  ) => Readonly<Record<string, number>>;
  /** Asked only when there is something to make. */
  readonly make: () => Promise<FilesToMake>;
  readonly onProgress: (progress: WeightProgress) => void;
}

/**
 * The weights of an order, in the first of its places; undefined `files` when the browser has none of them.
 *
 * @throws RuntimeError `unsupported` where one of them is required; `no-space` when they do not fit, `io` when they cannot be read or written.
 */
export async function keepWeights(
  order: KeepOrder,
  options: KeepOptions,
): Promise<MadeWeights | Pick<MadeWeights, "report">> {
  const passedOver: string[] = [];
  for (const name of order.places) {
    let place: WritableFiles;
    try {
      place = await openWritableFiles(name);
    } catch (error) {
      passedOver.push(`${PLACE_WORDS[name]}: ${(error as Error).message}`);
      continue;
    }
    const work = async (): Promise<MadeWeights> => {
      const { found, damage, ...made } = await findOrMake(place, order, options);
      return { ...made, report: { place: name, passedOver, found, damage } };
    };
    const lock = lockName(order.about.key);
    const done = await navigator.locks.request(lock, { ifAvailable: true }, (held) =>
      held === null ? undefined : work(),
    );
    if (done !== undefined) return done;
    options.onProgress({ phase: "wait", loadedBytes: 0, totalBytes: 0 });
    return navigator.locks.request(lock, work);
  }
  if (order.required) {
    throw new RuntimeError("unsupported", `weights cannot be kept here: ${passedOver.join("; ")}`);
  }
  return { report: { place: undefined, passedOver, found: false, damage: undefined } };
}

const PLACE_WORDS = { opfs: "OPFS", cache: "the Cache API" } as const;

/** Removes what an order has kept, finished or not. */
export async function dropKept(order: KeepOrder): Promise<void> {
  for (const name of order.places) {
    const place = await openWritableFiles(name).catch(() => undefined);
    if (place === undefined) continue;
    return place.remove(keptFolder(order.about.key));
  }
}

type Found = Pick<MadeWeights, "files" | "spread"> & {
  readonly found: boolean;
  readonly damage: string | undefined;
};

async function findOrMake(
  place: WritableFiles,
  order: KeepOrder,
  { lengths, make, onProgress }: KeepOptions,
): Promise<Found> {
  const folder = keptFolder(order.about.key);
  const manifest = await readJson<KeptManifest>(place, `${folder}/manifest.json`);
  let damage: string | undefined;
  if (manifest !== undefined) {
    const checked = await checkKept(place, {
      folder,
      manifest,
      lengths: lengths(manifest.spread),
      onProgress,
    });
    if (typeof checked !== "string") {
      await writeRecord(place, order);
      return { files: checked, spread: manifest.spread, found: true, damage };
    }
    // The manifest stays: it says what the files must be once more.
    damage = checked;
  }
  const making = damage === undefined ? "" : `the stored weights are damaged (${damage}); `;
  try {
    const { files, spread } = await make();
    await place.writeText(`${folder}/about.json`, JSON.stringify(order.about));
    const written = await writeKept(place, { folder, files, onProgress });
    const whole: KeptManifest = { ...order.about, files: written, spread };
    await place.writeText(`${folder}/manifest.json`, JSON.stringify(whole));
    await writeRecord(place, order);
    await removeSuperseded(place, whole);
    return { files: await openKept(place, folder, written), spread, found: false, damage };
  } catch (error) {
    throw explain(error, making);
  }
}

function explain(error: unknown, before: string): RuntimeError {
  const { name, message } = error as Error;
  if (name === "QuotaExceededError") {
    return new RuntimeError(
      "no-space",
      `${before}the browser's storage is full (${message}); what was written so far stays, the next try goes on from there, and remove(key) of openWeightStore() frees it`,
      { cause: error },
    );
  }
  const code = name === "RuntimeError" ? (error as RuntimeError).code : "io";
  return new RuntimeError(code, before + message, { cause: error });
}

async function readJson<T>(place: WritableFiles, path: string): Promise<T | undefined> {
  const text = await place.text(path);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    // A write that did not end: as good as none, the chunks are checked anyway.
    return undefined;
  }
}

async function writeRecord(place: WritableFiles, { record }: KeepOrder): Promise<void> {
  if (record === undefined || (await place.text(record.path)) === record.text) return;
  await place.writeText(record.path, record.text);
}

/** Weights of the same checkpoint in the same form are of an earlier version of it. */
async function removeSuperseded(place: WritableFiles, kept: KeptManifest): Promise<void> {
  for (const key of await place.folders("weights")) {
    if (key === kept.key) continue;
    const other = await readJson<KeptAbout>(place, `${keptFolder(key)}/about.json`);
    if (other?.address !== kept.address || other.form !== kept.form) continue;
    // One that is being written or waited for is left alone.
    await navigator.locks.request(lockName(key), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await place.remove(keptFolder(key));
    });
  }
}
