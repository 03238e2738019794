// Where the checkpoint is that `--model` names: a folder, or a model on the Hugging Face hub that is in the cache or
// comes into it now. A folder of that name wins, so that a name never changes its meaning by a download.

import { stat } from "node:fs/promises";

import { formatModelReference, parseModelReference } from "@internvit/hub";
import {
  type DownloadedModel,
  downloadModel,
  type DownloadProgress,
  findCachedModel,
  hubSettings,
  type ModelParts,
} from "@internvit/hub/node";
import { presetNames } from "@internvit/model-core";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import type { Report } from "../events.ts";
import { formatBytes } from "../terminal/quantities.ts";

/** A checkpoint folder and what results call it. */
export interface FoundModel {
  readonly path: string;
  readonly label: string;
}

/**
 * The folder of a model.
 *
 * @throws CliError `not-found` for a name that is neither; HubError when it cannot be downloaded.
 */
export async function findModel(
  name: string,
  options: CommandContext & { readonly parts: ModelParts },
): Promise<FoundModel> {
  const { parts, env } = options;
  if ((await stat(name).catch(() => undefined)) !== undefined) return { path: name, label: name };
  const reference = parseModelReference(name);
  if (reference === undefined) throw unknownModel(name);
  const settings = hubSettings(env);
  const cached = await findCachedModel(reference, { settings, parts });
  if (cached !== undefined) return { path: cached, label: labelOf(name, cached) };
  const { path } = await download(name, { ...options, quietWhenCached: true });
  return { path, label: labelOf(name, path) };
}

/**
 * Downloads what is missing of a model on the hub, with progress.
 *
 * @throws CliError `usage` for a name that is none of the hub's; HubError.
 */
export async function download(
  name: string,
  options: CommandContext & { readonly parts: ModelParts; readonly quietWhenCached: boolean },
): Promise<DownloadedModel> {
  const { parts, env, report, signal, quietWhenCached } = options;
  const reference = parseModelReference(name);
  if (reference === undefined) throw unknownModel(name);
  const downloaded = await downloadModel(reference, {
    settings: hubSettings(env),
    parts,
    onProgress: progressReport(report),
    signal,
  });
  const { path, bytesDownloaded, revisionChecked } = downloaded;
  if (!revisionChecked && !quietWhenCached) {
    report({
      event: "notice",
      message: `the hub was not asked whether ${formatModelReference(reference)} has changed; the copy in the cache is used`,
    });
  }
  if (bytesDownloaded > 0) {
    report({
      event: "notice",
      message: `downloaded ${formatBytes(bytesDownloaded)} of ${formatModelReference(reference)} to ${path}`,
    });
  }
  return downloaded;
}

/** Downloads and hashing as progress events. */
export function progressReport(
  report: Report,
  stage: "download" | "verify" = "download",
): (progress: DownloadProgress) => void {
  let waits = false;
  return ({ file, modelDone, modelTotal, waiting }) => {
    if (waiting && !waits) {
      report({
        event: "notice",
        message: `another process downloads ${file}; waiting for it`,
      });
    }
    waits = waiting;
    report({
      event: "progress",
      stage,
      done: modelDone,
      total: modelTotal,
      unit: "bytes",
      file,
    });
  };
}

/** The name with the commit that is meant by it today, so that a result can be traced. */
function labelOf(name: string, path: string): string {
  const commit = /[0-9a-f]{40}/.exec(path)?.[0];
  const [repository = name] = name.split("@");
  return commit === undefined ? name : `${repository}@${commit}`;
}

function unknownModel(name: string): CliError {
  const preset = presetNames.find((known) => known === name);
  const advice =
    preset === undefined
      ? "such as OpenGVLab/InternViT-300M-448px-V2_5"
      : `OpenGVLab/${preset}, or \`internvit synthesize ${preset}\``;
  return new CliError(
    "not-found",
    `there is no checkpoint folder ${name}, and it does not name a model on the Hugging Face hub (${advice})`,
  );
}
