// The encoder of the full-tuning goldens, as a checkpoint that is made of their first values.

import {
  encodeSafetensors,
  encoderConfigJson,
  memoryDirectory,
  readCheckpoint,
  type Tensor,
} from "@internvit/model-core";
import { type SegmentationForm, type TrainedEncoder, trainedEncoder } from "@internvit/eval";
import { float32Golden, type GoldenTensor } from "@internvit/test-kit/portable";

/** The manifest's description of the encoder. */
export interface EncoderForm {
  readonly width: number;
  readonly grid: number;
  readonly heads: number;
  readonly mlp_ratio: number;
  readonly norm: "rms" | "ln";
  readonly norm_eps: number;
  readonly qkv_bias: boolean;
  readonly qk_normalization: boolean;
  readonly drop_path_rates: readonly number[];
}

const PATCH = 14;
const OWN = /^init\.(backbone\.(patch_embed|cls_token|pos_embed|blocks)\b.*)/;

/** The encoder, read at its last block by the linear head and at every block by UperNet. */
export async function goldenEncoder(
  form: EncoderForm,
  goldens: ReadonlyMap<string, GoldenTensor>,
  { kind }: SegmentationForm,
): Promise<TrainedEncoder> {
  const blocks = form.drop_path_rates.length;
  const config = {
    hiddenSize: form.width,
    numHiddenLayers: blocks,
    numAttentionHeads: form.heads,
    intermediateSize: form.mlp_ratio * form.width,
    imageSize: form.grid * PATCH,
    patchSize: PATCH,
    numChannels: 3,
    qkvBias: form.qkv_bias,
    qkNormalization: form.qk_normalization,
    normType: form.norm === "rms" ? "rms_norm" : "layer_norm",
    layerNormEps: form.norm_eps,
    hiddenAct: "gelu",
    dropPathRate: 0,
    initializerFactor: 1,
    initializerRange: 0.02,
  } as const;
  const tensors = new Map<string, Tensor>();
  for (const key of goldens.keys()) {
    const [, name] = OWN.exec(key) ?? [];
    if (name !== undefined) {
      tensors.set(name, { dtype: "float32", ...float32Golden(goldens, key) });
    }
  }
  const file = new Blob([...encodeSafetensors(tensors)] as BlobPart[]);
  const checkpoint = await readCheckpoint(
    memoryDirectory(
      "goldens",
      new Map([
        ["config.json", new TextEncoder().encode(JSON.stringify(encoderConfigJson(config)))],
        ["model.safetensors", new Uint8Array(await file.arrayBuffer())],
      ]),
    ),
  );
  return trainedEncoder(checkpoint, {
    size: config.imageSize,
    taps: kind === "linear" ? [blocks - 1] : form.drop_path_rates.map((_, block) => block),
    dropPathRate: form.drop_path_rates.at(-1)!,
  });
}

/** The input `drop_path` for the goldens' masks [blocks, 2, n], 1 where a branch is kept. */
export function dropPathOf({ drop_path_rates: rates }: EncoderForm, kept: Tensor): Tensor {
  const { shape, data } = kept;
  const perBlock = data.length / rates.length;
  const factors = Float32Array.from(
    data as Float32Array,
    (value, at) => value / (1 - rates[Math.floor(at / perBlock)]!),
  );
  return { dtype: "float32", shape: [...shape, 1, 1], data: factors };
}
