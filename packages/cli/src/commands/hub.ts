// `internvit models`, `download` and `verify`: what is published, what is in the cache, and whether it is whole.

import { stat } from "node:fs/promises";

import { parseModelReference } from "@internvit/hub";
import {
  hubSettings,
  listCachedModels,
  type ModelParts,
  repairModel,
  type Verification,
  verifyModel,
} from "@internvit/hub/node";
import {
  countParameters,
  countProjectorParameters,
  getPreset,
  presetNames,
} from "@internvit/model-core";

import { download, progressReport } from "../checkpoints/find-model.ts";
import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { formatBytes, formatMany } from "../terminal/quantities.ts";

/** All published InternViT and InternVL 2.5 models are of this owner. */
const OWNER = "OpenGVLab";
const BFLOAT16_BYTES = 2;

/** Lists the published models and what of them, or else, is in the cache; returns the exit code. */
export async function listModels({ report, env }: CommandContext): Promise<number> {
  const settings = hubSettings(env);
  const cached = await listCachedModels(settings);
  const published = presetNames.map((name) => {
    const { config, chat } = getPreset(name);
    const projector = chat === undefined ? 0 : countProjectorParameters(config, chat);
    const bytes = (countParameters(config) + projector) * BFLOAT16_BYTES;
    const copies = cached.filter(({ repository }) => repository === `${OWNER}/${name}`);
    return {
      id: `${OWNER}/${name}`,
      parts: chat === undefined ? "encoder" : "encoder-and-projector",
      bytes,
      copies,
    };
  });
  const ids = new Set(published.map(({ id }) => id));
  const others = cached.filter(({ repository }) => !ids.has(repository));
  const width = Math.max(
    ...[...ids, ...others.map(({ repository }) => repository)].map((id) => id.length),
  );
  const lines = published.map(({ id, parts, bytes, copies }) => {
    const what = parts === "encoder" ? "encoder" : "encoder + projector";
    const state = copies.length === 0 ? "not cached" : copies.map(describeCopy).join("; ");
    return `${id.padEnd(width)}  ${formatBytes(bytes).padStart(8)}  ${what.padEnd(19)}  ${state}`;
  });
  const otherLines = others.map(
    (copy) => `${copy.repository.padEnd(width)}  ${describeCopy(copy)}`,
  );
  report({
    event: "result",
    command: "models",
    facts: {
      cache: settings.cacheDirectory,
      models: published.map(({ copies, ...model }) => ({ ...model, cached: copies.map(toJson) })),
      others: others.map(toJson),
    },
    text: [
      `cache: ${settings.cacheDirectory}`,
      ...lines,
      ...(otherLines.length === 0 ? [] : ["other checkpoints in the cache:", ...otherLines]),
    ].join("\n"),
  });
  return 0;
}

type Copy = Awaited<ReturnType<typeof listCachedModels>>[number];

function describeCopy({ commit, revisions, parts, byteLength }: Copy): string {
  const name = revisions.length === 0 ? commit.slice(0, 12) : revisions.join(", ");
  return `cached: ${name}, ${parts === "everything" ? "complete" : parts}, ${formatBytes(byteLength)}`;
}

function toJson({ repository, commit, revisions, parts, path, byteLength }: Copy): {
  readonly [key: string]: string | number | readonly string[];
} {
  return { repository, commit, revisions, parts, path, bytes: byteLength };
}

/** What `download` is asked for. */
export interface DownloadRequest {
  /** `owner/name[@revision]`. */
  readonly model: string;
  readonly parts: ModelParts;
}

/** Downloads a model into the cache and returns the exit code. */
export async function downloadToCache(
  { model, parts }: DownloadRequest,
  context: CommandContext,
): Promise<number> {
  const downloaded = await download(model, { ...context, parts, quietWhenCached: false });
  const { path, commit, files, bytesDownloaded, isExtract, revisionChecked } = downloaded;
  context.report({
    event: "result",
    command: "download",
    facts: { model, path, commit, files, bytesDownloaded, isExtract, revisionChecked },
    text: [
      `${model} at ${commit}${isExtract ? `, the tensors of ${parts} only` : ""}:`,
      ...files.map(({ name, size }) => `  ${name}  ${formatBytes(size)}`),
      path,
    ].join("\n"),
  });
  return 0;
}

/** What `verify` is asked for. */
export interface VerifyRequest extends DownloadRequest {
  /** Whether what is wrong is downloaded again. */
  readonly repair: boolean;
}

/** Compares the files of a model with their hashes and returns the exit code: 1 when one is not as it must be. */
export async function verify(request: VerifyRequest, context: CommandContext): Promise<number> {
  const { model, parts, repair } = request;
  const { report, signal, env } = context;
  const settings = hubSettings(env);
  const isFolder = (await stat(model).catch(() => undefined)) !== undefined;
  const reference = isFolder ? undefined : parseModelReference(model);
  if (!isFolder && reference === undefined) {
    throw new CliError(
      "not-found",
      `${model}: expected a folder or a model on the hub such as ${OWNER}/${presetNames[0] ?? ""}, found neither`,
    );
  }
  if (repair && reference === undefined) {
    throw new CliError("usage", "--repair goes with a model on the hub, not with a folder");
  }
  const options = { settings, parts, onProgress: progressReport(report, "verify"), signal };
  let found = await verifyModel(reference ?? model, options);
  const repaired = repair && reference !== undefined && !found.ok;
  if (repaired) {
    await repairModel(reference, { ...options, onProgress: progressReport(report) });
    found = await verifyModel(reference, options);
  }
  const bad = found.files.filter(({ state }) => state !== "ok");
  report({
    event: "result",
    command: "verify",
    facts: {
      model,
      repaired,
      path: found.path,
      ok: found.ok,
      files: found.files.map((file) => ({ ...file })),
    },
    text: describeVerification(found),
    ...(found.ok
      ? {}
      : { problem: `${formatMany(bad.length, "file")} of ${model} could not be confirmed` }),
  });
  return found.ok ? 0 : 1;
}

function describeVerification({ path, files }: Verification): string {
  const words = {
    ok: "ok",
    "wrong-hash": "WRONG HASH",
    "wrong-size": "WRONG SIZE",
    missing: "MISSING",
    unknown: "nothing known to compare with",
  } as const;
  return [path, ...files.map(({ name, state }) => `  ${name}  ${words[state]}`)].join("\n");
}
