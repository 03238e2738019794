// Parts of the golden chat checkpoint: its encoder and its projector, saved alone.

import type { Tensor } from "@internvit/model-core";

import { tinyChatConfig, tinyChatTensors, writeFolder } from "../tiny-chat.ts";

/** Writes a folder with the encoder and its config; its path. */
export async function encoderAlone(path: string): Promise<string> {
  const tensors = [...(await tinyChatTensors())].flatMap(([key, tensor]) =>
    key.startsWith("vision_model.") ? [[key.slice("vision_model.".length), tensor] as const] : [],
  );
  const config = { ...tinyChatConfig().vision_config, model_type: "intern_vit_6b" };
  return writeFolder(path, { config, tensors: new Map(tensors) });
}

/** The projector's tensors, `prefix` before their names. */
export async function projectorAlone(prefix: string): Promise<Map<string, Tensor>> {
  return new Map(
    [...(await tinyChatTensors())].flatMap(([key, tensor]) =>
      key.startsWith("mlp1.") ? [[prefix + key.slice("mlp1.".length), tensor] as const] : [],
    ),
  );
}
