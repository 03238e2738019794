// The models that the page can use, and how much each would have to download.

import { countParameters, type EncoderConfig, getPreset, presetNames } from "@internvit/model-core";
import type { WebDtype } from "@internvit/runtime-web";

/** Where weights come from. */
export type ModelSource =
  | { readonly kind: "random" }
  /** By the name of its preset, which is its name on the hub. */
  | { readonly kind: "published"; readonly name: string }
  /** A folder of any server, with config.json and model.safetensors. */
  | { readonly kind: "folder"; readonly url: string }
  /** Files that were picked on this device. */
  | { readonly kind: "files"; readonly files: ReadonlyMap<string, Blob> };

/** A model and how to run it. */
export interface ModelChoice {
  readonly source: ModelSource;
  readonly executionProvider: "auto" | "webgpu" | "wasm";
  readonly dtype: WebDtype | "auto";
}

/** What the page begins with. */
export const RANDOM_CHOICE: ModelChoice = {
  source: { kind: "random" },
  executionProvider: "auto",
  dtype: "auto",
};

/** A published model as it is offered. */
export interface PublishedModel {
  readonly name: string;
  /** What its kept weights are known by. */
  readonly address: string;
  /** Bytes of the encoder's weights as they are published: bfloat16. */
  readonly downloadBytes: number;
  /** Whether only the vision part of a chat model is downloaded. */
  readonly isPart: boolean;
  /** False for what no tab has memory for. */
  readonly fits: boolean;
}

const HUB = "https://huggingface.co";
const OWNER = "OpenGVLab";
const BYTES_PER_WEIGHT = 2;
/** As float32 it must fit into the 4 GiB that WebAssembly has, with room for results. */
const MOST_WEIGHTS = 0.8e9;

/** All of model-core's presets. */
export const PUBLISHED_MODELS: readonly PublishedModel[] = presetNames.map((name) => {
  const { config, chat } = getPreset(name);
  const weights = countParameters(config);
  return {
    name,
    address: `${HUB}/${repositoryOf(name)}@main`,
    downloadBytes: downloadBytesOf(config),
    isPart: chat !== undefined,
    fits: weights <= MOST_WEIGHTS,
  };
});

/** Bytes of an encoder's weights as they are published. */
export function downloadBytesOf(config: EncoderConfig): number {
  return countParameters(config) * BYTES_PER_WEIGHT;
}

/** Its name on the hub. */
export function repositoryOf(name: string): string {
  return `${OWNER}/${name}`;
}

/** What the page calls a model. */
export function nameOfSource(source: ModelSource): string {
  switch (source.kind) {
    case "random":
      return "Small InternViT, random weights";
    case "published":
      return source.name;
    case "folder":
      return `Model from ${new URL(source.url).host}`;
    case "files":
      return "Model from this device";
  }
}
