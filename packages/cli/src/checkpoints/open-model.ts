// The checkpoint that a command works with: the folder that was named, or the default model.

import { type LocalCheckpoint, openCheckpoint } from "@internvit/runtime-node";
import { synthesizedNotice } from "@internvit/model-core";

import type { CommandContext } from "../context.ts";
import { cacheFolder } from "./cache-folder.ts";
import { ensureDefaultModel } from "./default-model.ts";

/** An opened checkpoint with what results call it. */
export interface Model {
  readonly checkpoint: LocalCheckpoint;
  /** The folder as it was named, or the default model's name. */
  readonly label: string;
  /** In plain words, when the weights are random. */
  readonly synthesized: string | undefined;
}

/** Opens the checkpoint in `folder`, or the default model; says so when its weights are random. */
export async function openModel(
  folder: string | undefined,
  { report, signal, env, defaultModel }: CommandContext,
): Promise<Model> {
  const cache = cacheFolder(env);
  const path = folder ?? (await ensureDefaultModel(defaultModel, { cache, report, signal }));
  const checkpoint = await openCheckpoint(path, { signal });
  const label = folder ?? defaultModel.name;
  const { synthesized } = checkpoint;
  if (synthesized === undefined) return { checkpoint, label, synthesized };
  const notice = synthesizedNotice(synthesized);
  const which =
    folder === undefined ? `no --model given, so the default model ${label} is used` : label;
  report({
    event: "notice",
    message: `${which}: ${notice}. Features show that everything works, not what a picture shows`,
  });
  return { checkpoint, label, synthesized: notice };
}
