// The encoder of the full-tuning goldens: model-core's graph with drop path, its weights read from a checkpoint that is
// made of the goldens' first values. Their names are those of the segmentation checkpoints.

import {
  buildEncoderGraph,
  encodeSafetensors,
  encoderConfigJson,
  type GraphBuilder,
  memoryDirectory,
  readCheckpoint,
  resolveEncoderWeights,
  type Tensor,
  type Value,
} from "@internvit/model-core";
import { reshape, slice, transpose } from "@internvit/model-core/onnx";

import { type TrainingModel, weightsAsInputs } from "../../src/index.ts";
import { valuesOf } from "../encoder/encoder-gradients.ts";

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
const OWN = /^backbone\.(patch_embed|cls_token|pos_embed|blocks)\b/;

/** Whether a tensor is one of the encoder's, and not of what stands behind it. */
export function isEncoderTensor(name: string): boolean {
  return OWN.test(name);
}

/** The encoder's graph and first weights, as a training takes them. Its inputs are `pixel_values` and `drop_path`. */
export async function trainedEncoder(
  form: EncoderForm,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<Required<Pick<TrainingModel, "base" | "parameters">>> {
  const config = {
    hiddenSize: form.width,
    numHiddenLayers: form.drop_path_rates.length,
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
    dropPathRate: form.drop_path_rates.at(-1)!,
    initializerFactor: 1,
    initializerRange: 0.02,
  } as const;
  const file = new Uint8Array(
    await new Blob([...encodeSafetensors(tensors)] as BlobPart[]).arrayBuffer(),
  );
  const checkpoint = await readCheckpoint(
    memoryDirectory(
      "goldens",
      new Map([
        ["config.json", new TextEncoder().encode(JSON.stringify(encoderConfigJson(config)))],
        ["model.safetensors", file],
      ]),
    ),
  );
  const model = { config, weights: resolveEncoderWeights(checkpoint) };
  const outputs = form.drop_path_rates.map((_, at) => `hidden_states.${at + 1}` as const);
  const fed = (batch: number, dropPath: boolean) =>
    weightsAsInputs(buildEncoderGraph(model, { batch, dropPath, outputs }));
  return {
    base: ({ mode, inputs }) =>
      fed(inputs["pixel_values"]!.shape[0]!, mode === "training").model.graph,
    parameters: Object.fromEntries(
      fed(1, false).weights.map((weight) => [weight.name, valuesOf(weight, file)]),
    ),
  };
}

/** The outputs of all blocks as maps `[n, width, grid, grid]`. */
export function blockMaps(graph: GraphBuilder, form: EncoderForm): readonly Value[] {
  const { width, grid } = form;
  return form.drop_path_rates.map((_, at) => {
    const hidden = graph.value(`hidden_states.${at + 1}`);
    const patches = slice(graph, hidden, { axis: 1, start: 1, end: 1 + grid * grid });
    return reshape(graph, transpose(graph, patches, [0, 2, 1]), [
      hidden.shape[0]!,
      width,
      grid,
      grid,
    ]);
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
