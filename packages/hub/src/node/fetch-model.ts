// Fetches what is needed of a revision:
//
// 1. The small files go into the cache.
// 2. The headers of the weight files are read by ranges. When (almost) all of the weights are needed, whole files go
//    into the cache; else the tensors that are needed become an extract (extract.ts).

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import {
  bytesSource,
  type Checkpoint,
  parseEncoderConfig,
  readCheckpoint,
} from "@internvit/model-core";

import { HubError, isHubError } from "../errors.ts";
import { openRevision } from "../hub-directory.ts";
import type { HubFile, HubRevision } from "../revision.ts";
import { blobName, findBlob, snapshotFolder } from "./cache-layout.ts";
import { diskError, readText } from "./disk.ts";
import { downloadFile } from "./download-file.ts";
import { makeExtract } from "./extract.ts";
import { type DownloadContext, requireSpace } from "./fetch-target.ts";
import { CONFIG, INDEX, PREPROCESSOR_CONFIG, shardNames, WEIGHTS } from "./model-files.ts";
import { noteRevisionFiles } from "./revision-record.ts";
import { type ModelParts, selectTensors, type TensorSelection } from "./select-tensors.ts";

/** Options of `fetchModel`. */
export interface FetchModelOptions {
  readonly parts: ModelParts;
  readonly context: DownloadContext;
}

/** Makes sure that everything of a revision that is needed is there; gives the folder. */
export async function fetchModel(
  revision: HubRevision,
  { parts, context }: FetchModelOptions,
): Promise<string> {
  const { folder, progress } = context;
  const { commit } = revision;
  const listed = new Map(revision.files.map((file) => [file.name, file]));
  const small = smallFiles(revision, listed);
  for (const { size } of small) progress.expect(size);
  for (const file of small) await downloadFile(file, context);
  await noteRevisionFiles(folder, { commit, files: small });

  if (parts !== "everything") {
    const selected = await selectRemote(revision, { small, parts, context });
    if (selected !== undefined && !selected.isWhole) {
      const copies = small.map(({ name }) => name).filter((name) => name !== INDEX);
      return makeExtract({ revision, parts, ...selected, copies, context });
    }
  }

  const files = await weightFiles(revision, { listed, context });
  const missing: HubFile[] = [];
  for (const file of files) {
    progress.expect(file.size);
    if ((await findBlob(folder, { commit, file })) === undefined) missing.push(file);
  }
  await requireSpace(
    missing.map((file) => ({ key: blobName(file), size: file.size })),
    folder,
  );
  for (const file of files) await downloadFile(file, context);
  await noteRevisionFiles(folder, { commit, files });
  return snapshotFolder(folder, commit);
}

function smallFiles(
  { repository }: HubRevision,
  listed: ReadonlyMap<string, HubFile>,
): readonly HubFile[] {
  const config = listed.get(CONFIG);
  if (config === undefined) {
    throw new HubError("not-found", `${repository}: the repository has no ${CONFIG}`);
  }
  if (!listed.has(WEIGHTS) && !listed.has(INDEX)) {
    const text = `${repository}: the repository has neither ${WEIGHTS} nor ${INDEX} (weights in .bin, .pt or .pth files are not read)`;
    throw new HubError("not-found", text);
  }
  const names = [PREPROCESSOR_CONFIG, ...(listed.has(WEIGHTS) ? [] : [INDEX])];
  const more = names.map((name) => listed.get(name)).filter((file) => file !== undefined);
  return [config, ...more];
}

async function weightFiles(
  { repository, commit }: HubRevision,
  options: {
    readonly listed: ReadonlyMap<string, HubFile>;
    readonly context: DownloadContext;
  },
): Promise<readonly HubFile[]> {
  const { listed, context } = options;
  const single = listed.get(WEIGHTS);
  if (single !== undefined) return [single];
  const index = await readText(join(snapshotFolder(context.folder, commit), INDEX));
  const names = shardNames(index ?? "") ?? [];
  if (names.length === 0) {
    const text = `${repository}: ${INDEX}: expected the names of .safetensors files, found none`;
    throw new HubError("malformed", text);
  }
  return names.map((name) => {
    const file = listed.get(name);
    if (file !== undefined) return file;
    const text = `${repository}: ${INDEX} names ${JSON.stringify(name)}, which the repository does not have`;
    throw new HubError("not-found", text);
  });
}

interface Selected extends TensorSelection {
  readonly checkpoint: Checkpoint;
}

/**
 * Reads the weight files' headers and selects what is needed; undefined when the server has no ranges, but everything
 * is needed anyway.
 */
async function selectRemote(
  revision: HubRevision,
  options: {
    readonly small: readonly HubFile[];
    readonly parts: Exclude<ModelParts, "everything">;
    readonly context: DownloadContext;
  },
): Promise<Selected | undefined> {
  const { small, parts, context } = options;
  const { connection, signal } = context;
  const remote = openRevision(revision, { connection, signal });
  const snapshot = snapshotFolder(context.folder, revision.commit);
  const names = new Set(small.map(({ name }) => name));
  const directory = {
    label: remote.label,
    open: async (name: string) =>
      names.has(name) ? bytesSource(await readBytes(join(snapshot, name))) : remote.open(name),
  };
  try {
    const checkpoint = await readCheckpoint(directory, signal === undefined ? {} : { signal });
    return { checkpoint, ...selectTensors(checkpoint, parts) };
  } catch (error) {
    if (!isHubError(error) || error.code !== "unsupported") throw error;
    const path = join(snapshot, CONFIG);
    const json: unknown = JSON.parse((await readText(path)) ?? "");
    const { layout } = parseEncoderConfig(json, { subject: path });
    if (layout === "standalone" && parts === "encoder") return undefined;
    const text = `${error.message}: then the ${parts.replaceAll("-", " ")} cannot be fetched alone; ask for everything, or use another server (HF_ENDPOINT)`;
    throw new HubError("unsupported", text, { cause: error });
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw diskError(cause, `${path} cannot be read`);
  }
}
