// The checkpoint that a command works with: the folder or hub model that was named, or the default model.

import type { ModelParts } from "@internvit/hub/node";
import { cacheFolder, type LocalCheckpoint, openCheckpoint } from "@internvit/runtime-node";
import { synthesizedNotice } from "@internvit/model-core";

import type { CommandContext } from "../context.ts";

import { ensureDefaultModel } from "./default-model.ts";
import { findModel, type FoundModel } from "./find-model.ts";

/** An opened checkpoint with what results call it. */
export interface Model {
  readonly checkpoint: LocalCheckpoint;
  /** The folder as it was named, the hub model with its commit, or the default model's name. */
  readonly label: string;
  /** In plain words, when the weights are random. */
  readonly synthesized: string | undefined;
}

/** Opens the checkpoint that `name` names, or the default model; says so when its weights are random. */
export async function openModel(
  name: string | undefined,
  options: CommandContext & {
    /** What has to be there of a model on the hub; default `encoder`. */
    readonly parts?: ModelParts;
  },
): Promise<Model> {
  const { report, signal, parts = "encoder" } = options;
  const { path, label } =
    name === undefined
      ? await findDefaultModel(options)
      : await findModel(name, { ...options, parts });
  const checkpoint = await openCheckpoint(path, { signal });
  const { synthesized } = checkpoint;
  if (synthesized === undefined) return { checkpoint, label, synthesized };
  const notice = synthesizedNotice(synthesized);
  const which =
    name === undefined ? `no --model given, so the default model ${label} is used` : label;
  report({
    event: "notice",
    message: `${which}: ${notice}. Features show that everything works, not what a picture shows`,
  });
  return { checkpoint, label, synthesized: notice };
}

async function findDefaultModel(context: CommandContext): Promise<FoundModel> {
  const { report, signal, env, defaultModel } = context;
  const cache = cacheFolder(env);
  const path = await ensureDefaultModel(defaultModel, { cache, report, signal });
  return { path, label: defaultModel.name };
}
