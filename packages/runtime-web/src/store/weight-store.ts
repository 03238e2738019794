// The weights that this site keeps in the browser: to show them, and to free the space.

import { RuntimeError } from "../errors.ts";
import { keptFolder, type KeptAbout, type KeptManifest, lockName } from "../worker/keep-order.ts";
import {
  openStoredFiles,
  STORE_PLACES,
  type StoredFiles,
  type StorePlace,
} from "../worker/stored-files.ts";
import { recordPath } from "./checkpoint-record.ts";
import { askToPersist } from "./keep-request.ts";

/** Weights of one checkpoint in one number format. */
export interface StoredWeights {
  /** What `remove` wants. */
  readonly key: string;
  readonly place: StorePlace;
  /** Where the checkpoint is: a repository with its revision, or a folder of a server. */
  readonly address: string;
  /** The checkpoint with its commit, where it has one. */
  readonly label: string;
  /** Number format, in plain words. */
  readonly form: string;
  /** When the writing began; ISO 8601. */
  readonly created: string;
  /** Bytes of the weight files; of unfinished ones, what is there so far. */
  readonly byteLength: number;
  /** False for what an interrupted download left; the next one goes on from there. */
  readonly complete: boolean;
}

/** How much this site stores. */
export interface StoreEstimate {
  /** Bytes that all of this site's storage takes; the weights are a part of it. */
  readonly usage: number | undefined;
  /** Bytes that the browser gives this site. */
  readonly quota: number | undefined;
  /** Whether the browser keeps them when space is short. */
  readonly persisted: boolean;
}

/** The weights that are kept. */
export interface WeightStore {
  /** Everything that is there, finished or not. */
  list(): Promise<readonly StoredWeights[]>;
  /**
   * Removes weights and what opens their checkpoint offline, unless other weights of it are there. Waits while a tab is
   * writing them. An encoder that is ready goes on; after the loss of its GPU device it cannot be made again.
   */
  remove(key: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  estimate(): Promise<StoreEstimate>;
  /** Asks the browser to keep them when space is short; some browsers ask the user. */
  persist(): Promise<boolean>;
}

/**
 * Opens the store of this site.
 *
 * @throws RuntimeError `unsupported` where the browser has neither OPFS nor the Cache API for this page.
 */
export async function openWeightStore(): Promise<WeightStore> {
  const places: StoredFiles[] = [];
  const reasons: string[] = [];
  for (const place of STORE_PLACES) {
    try {
      places.push(await openStoredFiles(place));
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  if (places.length === 0) {
    throw new RuntimeError("unsupported", `nothing can be kept here: ${reasons.join("; ")}`);
  }
  const list = async (): Promise<readonly StoredWeights[]> =>
    (await Promise.all(places.map(listPlace))).flat();
  return {
    list,
    async remove(key, { signal } = {}) {
      const about = (await list()).find((stored) => stored.key === key);
      const options = signal === undefined ? {} : { signal };
      await navigator.locks.request(lockName(key), options, async () => {
        for (const files of places) await files.remove(keptFolder(key));
      });
      if (about === undefined) return;
      const { address } = about;
      if ((await list()).some((stored) => stored.address === address)) return;
      for (const files of places) await files.remove(await recordPath(address));
    },
    async estimate() {
      const { usage, quota } = await navigator.storage.estimate();
      return { usage, quota, persisted: await navigator.storage.persisted() };
    },
    persist: async () => (await askToPersist()) ?? false,
  };
}

async function listPlace(files: StoredFiles): Promise<readonly StoredWeights[]> {
  const stored: StoredWeights[] = [];
  for (const key of await files.folders("weights")) {
    const folder = keptFolder(key);
    const manifest = await readJson<KeptManifest>(files, `${folder}/manifest.json`);
    const about = manifest ?? (await readJson<KeptAbout>(files, `${folder}/about.json`));
    const parts = await Promise.all(
      ["encoder", "projector"].map((name) => files.blob(`${folder}/${name}`)),
    );
    const byteLength = parts.reduce((sum, blob) => sum + (blob?.size ?? 0), 0);
    const whole = Object.values(manifest?.files ?? {}).reduce(
      (sum, file) => sum + file.byteLength,
      0,
    );
    const { address = "", label = "", form = "", created = "" } = about ?? {};
    stored.push({
      key,
      place: files.place,
      address,
      label,
      form,
      created,
      byteLength,
      complete: manifest !== undefined && byteLength === whole,
    });
  }
  return stored;
}

/** Undefined also for a file whose writing did not end. */
async function readJson<T>(files: StoredFiles, path: string): Promise<T | undefined> {
  try {
    return JSON.parse((await files.text(path)) ?? "") as T;
  } catch {
    return undefined;
  }
}
