// The encoder (and projector) of a model whose language part is far larger, as a checkpoint of its own: a folder with
// the configs and one model.safetensors that holds just these tensors. Names, element types and bytes are the
// model's; offsets are new.
//
// The hub has no hash for parts of a file. What stands in for it: every answer must be about exactly the bytes that
// were asked for, of a file of the listed size, with the ETag of the first answer, which `If-Range` repeats; and a
// weight matrix of nothing but zeros, as a half-failed server or disk leaves it, is refused. The SHA-256 of what came
// is recorded, so that later damage is seen.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import {
  type Checkpoint,
  encodeSafetensorsHeader,
  type SafetensorsLayout,
  synthesizedNotice,
  type TensorDescription,
  type TensorEntry,
} from "@internvit/model-core";

import { HubError } from "../errors.ts";
import type { HubRevision } from "../revision.ts";
import { ownFolder, snapshotFolder } from "./cache-layout.ts";
import { diskError, writeWhole } from "./disk.ts";
import { type ExtractRecord, isWholeExtract, writeExtractRecord } from "./extract-record.ts";
import { asOwner, type DownloadContext, fetchTarget, requireSpace } from "./fetch-target.ts";
import type { ModelParts } from "./select-tensors.ts";
import { planSegments, type Segment, type TransferPlan } from "./transfer-plan.ts";
import { createZeroCheck } from "./zero-check.ts";

const WEIGHTS = "model.safetensors";

/** What an extract is made of. */
export interface ExtractOptions {
  readonly revision: HubRevision;
  readonly parts: Exclude<ModelParts, "everything">;
  readonly checkpoint: Checkpoint;
  readonly tensors: readonly TensorEntry[];
  /** Files of the snapshot that the extract gets a copy of. */
  readonly copies: readonly string[];
  readonly context: DownloadContext;
}

/** The folder of an extract. */
export function extractFolder(
  folder: string,
  { commit, parts }: { readonly commit: string; readonly parts: ModelParts },
): string {
  return join(ownFolder(folder, commit), parts);
}

/**
 * Makes the extract, if it is not there yet.
 *
 * @throws HubError `mismatch` for a weight matrix of zeros, `changed`, `unsupported` (a server without ranges), …
 */
export async function makeExtract(options: ExtractOptions): Promise<string> {
  const { revision, parts, context } = options;
  const { commit } = revision;
  const folder = extractFolder(context.folder, { commit, parts });
  const layout = layOut(options);
  const plan = planExtract(layout, options);
  const key = `${commit}-${parts}`;
  const name = `${WEIGHTS} (${parts})`;
  const total = plan.pieces.reduce((sum, { start, end }) => sum + end - start, 0);
  context.progress.expect(total);
  return asOwner({ key, name, total }, context, {
    find: async () => ((await isWholeExtract(folder)) ? folder : undefined),
    async make(signal) {
      await requireSpace([{ key, size: plan.size }], context.folder);
      let sha256 = "";
      let etags: ReadonlyMap<number, string> = new Map();
      const zeros = createZeroCheck(layout.entries);
      const target = {
        key,
        name,
        plan,
        path: join(folder, WEIGHTS),
        hash: createHash("sha256"),
        onBlock: zeros.note,
        check(transferred: {
          readonly digest: string;
          readonly etags: ReadonlyMap<number, string>;
        }) {
          refuseZeros(zeros.allZero(), revision);
          sha256 = transferred.digest;
          etags = transferred.etags;
        },
      };
      await fetchTarget(target, { ...context, signal });
      const files = [{ name: WEIGHTS, size: plan.size, sha256 }];
      for (const copy of options.copies) files.push(await copyFile(copy, { folder, options }));
      const record: ExtractRecord = {
        version: 1,
        repository: revision.repository,
        commit,
        parts,
        files,
        sources: plan.sources.map(({ name, size }, index) => ({
          name,
          size,
          etag: etags.get(index) ?? null,
        })),
      };
      await writeExtractRecord(folder, record);
      return folder;
    },
  });
}

function layOut({ revision, parts, checkpoint, tensors }: ExtractOptions): SafetensorsLayout {
  const descriptions = tensors.map(({ name, dtype, dtypeCode, shape }): TensorDescription => {
    if (dtype !== undefined) return { name, dtype, shape };
    const text = `${checkpoint.label}: tensor ${JSON.stringify(name)}: expected an element type that this version can read, found ${dtypeCode}`;
    throw new HubError("unsupported", text);
  });
  const { repository, commit } = revision;
  const { synthesized } = checkpoint;
  return encodeSafetensorsHeader(descriptions, {
    metadata: {
      // What transformers looks for: the tensors are PyTorch's, as they were.
      format: "pt",
      "internvit.extract": `the ${parts.replaceAll("-", " ")} of ${repository} at ${commit}; not the whole file`,
      ...(synthesized === undefined
        ? {}
        : { "internvit.synthesized": synthesizedNotice(synthesized) }),
    },
  });
}

function planExtract(layout: SafetensorsLayout, options: ExtractOptions): TransferPlan {
  const { revision, checkpoint, context } = options;
  const { repository, commit } = revision;
  const names = [...checkpoint.files.keys()];
  const segments = names.map((): Segment[] => []);
  for (const { name, start: target, byteLength } of layout.entries) {
    const { file, start } = checkpoint.tensors.get(name)!;
    if (byteLength > 0) segments[names.indexOf(file)]!.push({ start, target, byteLength });
  }
  return {
    size: layout.byteLength,
    prefix: layout.header,
    sources: names.map((name) => ({
      repository,
      commit,
      name,
      size: checkpoint.files.get(name)!.byteLength,
    })),
    pieces: segments.flatMap((list, source) =>
      planSegments(list, { source, chunkBytes: context.chunkBytes }),
    ),
  };
}

function refuseZeros(names: readonly string[], { repository }: HubRevision): void {
  if (names.length === 0) return;
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  const text = `${repository}: expected weights, found nothing but zeros in ${names.length} matrices (${shown}): the server sent wrong bytes. They were removed; try again later, or from another server (HF_ENDPOINT)`;
  throw new HubError("mismatch", text);
}

async function copyFile(
  name: string,
  { folder, options }: { readonly folder: string; readonly options: ExtractOptions },
): Promise<{ readonly name: string; readonly size: number; readonly sha256: string }> {
  const from = join(snapshotFolder(options.context.folder, options.revision.commit), name);
  const bytes = await readFile(from).catch((cause: unknown) => {
    throw diskError(cause, `${from} cannot be read`);
  });
  await writeWhole(join(folder, name), bytes);
  return {
    name,
    size: bytes.byteLength,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}
