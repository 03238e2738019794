// The golden chat checkpoint taken apart and put together in other ways.

import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  bytesSource,
  encodeSafetensors,
  readSafetensorsHeader,
  readTensor,
  type Tensor,
} from "@internvit/model-core";
import { float32Golden, goldenPath, readGoldenTensors } from "@internvit/test-kit";

const SHARDS = [1, 2, 3].map((index) => `model-0000${index}-of-00003.safetensors`);

/** Its config.json. */
export function tinyChatConfig(): Record<string, unknown> & {
  readonly vision_config: Record<string, unknown>;
} {
  return JSON.parse(readFileSync(goldenPath("tiny-chat", "config.json"), "utf8"));
}

/** All its tensors. */
export async function tinyChatTensors(): Promise<Map<string, Tensor>> {
  const all = new Map<string, Tensor>();
  for (const shard of SHARDS) {
    const source = bytesSource(readFileSync(goldenPath("tiny-chat", shard)));
    const { tensors } = await readSafetensorsHeader(source, { subject: shard });
    for (const [name, entry] of tensors) all.set(name, await readTensor(source, entry));
  }
  return all;
}

/** Writes tensors as a safetensors file. */
export async function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<void> {
  await writeFile(path, Buffer.concat([...encodeSafetensors(tensors)]));
}

/** Writes a checkpoint folder of one weight file. */
export async function writeFolder(
  path: string,
  parts: { readonly config: unknown; readonly tensors: ReadonlyMap<string, Tensor> },
): Promise<string> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "config.json"), JSON.stringify(parts.config));
  await writeTensors(join(path, "model.safetensors"), parts.tensors);
  return path;
}

/** Its tensors under transformers' names, `prefix` before each. */
export async function asTransformers(prefix: string): Promise<Map<string, Tensor>> {
  const result = new Map<string, Tensor>();
  for (const [name, tensor] of await tinyChatTensors()) {
    const renamed = prefix + RENAMES.reduce((text, [from, to]) => text.replace(from, to), name);
    if (!name.includes("qkv")) {
      result.set(renamed, tensor);
      continue;
    }
    // The fused linear layer [query | key | value] becomes three.
    const [rows = 0, ...rest] = tensor.shape;
    for (const [index, part] of ["q", "k", "v"].entries()) {
      const length = tensor.data.length / 3;
      result.set(renamed.replace("qkv", `${part}_proj`), {
        dtype: tensor.dtype,
        shape: [rows / 3, ...rest],
        data: tensor.data.slice(index * length, (index + 1) * length),
      });
    }
  }
  return result;
}

const RENAMES: readonly (readonly [string | RegExp, string])[] = [
  ["vision_model.", "vision_tower."],
  ["class_embedding", "cls_token"],
  ["position_embedding", "position_embeddings"],
  ["patch_embedding", "patch_embeddings.projection"],
  ["encoder.layers.", "encoder.layer."],
  ["norm1", "layernorm_before"],
  ["norm2", "layernorm_after"],
  ["attn.proj", "attention.projection_layer"],
  ["attn.", "attention."],
  [/\.ls([12])$/, ".lambda_$1"],
  ["mlp1.0", "multi_modal_projector.layer_norm"],
  ["mlp1.1", "multi_modal_projector.linear_1"],
  ["mlp1.3", "multi_modal_projector.linear_2"],
];

/** The golden `pixel_values`. */
export function goldenPixels(): Tensor<"float32"> {
  const tensors = readGoldenTensors("tiny-chat", "expected.safetensors");
  return { dtype: "float32", ...float32Golden(tensors, "pixel_values") };
}

/** A golden output, such as `visual_tokens.v2.layer-1`. */
export function goldenOutput(name: string): Float32Array {
  const tensors = readGoldenTensors("tiny-chat", "expected.safetensors");
  return float32Golden(tensors, name).data;
}
