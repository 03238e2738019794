// The two heads of the report as models to be trained: a feature, batch norm, a linear layer. Reference: recipes of
// OpenGVLab/InternVL, classification/models/intern_vit_6b.py; names are those of its checkpoints.

import { classTokenAndPatchMean, gemm, type Tensors, type TrainingModel } from "@internvit/train";

import type { BatchNormProtocol } from "../protocols/protocol.ts";
import { attentionPooling } from "./attention-pooling.ts";
import { batchNorm } from "./batch-norm.ts";

/** What a head looks like. */
export interface HeadForm {
  readonly kind: "linear" | "attention-pooling";
  /** The encoder's. */
  readonly width: number;
  readonly classes: number;
  /** Attention heads of the pooling: the encoder's. */
  readonly heads: number;
}

/** What a head is fed in a training step. */
export interface HeadBatch {
  /** Pictures. */
  readonly batch: number;
  /**
   * Tokens of each picture, class token first: the input `tokens` [batch, tokens, width]. Without: the input `features`
   * [batch, 2 · width], class token and patch mean, which the linear head takes as well.
   */
  readonly tokens?: number;
}

/** Parameters and running statistics of a head, as they are named in checkpoints. */
export interface HeadState {
  readonly parameters: Tensors;
  readonly buffers: Tensors;
}

/**
 * The head as a model for `createTrainingSession`. Its output is `logits` [n, classes], and `feature` where it is
 * computed from tokens.
 */
export function probeHead(
  form: HeadForm,
  options: HeadBatch & {
    readonly state: HeadState;
    readonly batchNorm: BatchNormProtocol;
  },
): TrainingModel {
  const { kind, width, heads } = form;
  const { batch, tokens, state, batchNorm: settings } = options;
  return {
    inputs:
      tokens === undefined
        ? { features: { dtype: "float32", shape: [batch, 2 * width] } }
        : { tokens: { dtype: "float32", shape: [batch, tokens, width] } },
    ...state,
    build(graph, call) {
      const feature =
        tokens === undefined
          ? call.input("features")
          : kind === "linear"
            ? classTokenAndPatchMean(graph, call.input("tokens"))
            : attentionPooling(graph, call.input("tokens"), { call, heads });
      const { value, buffers } = batchNorm(graph, feature, { call, settings });
      const logits = gemm(graph, value, call.parameter("head.weight"), {
        transposeRight: true,
        bias: call.parameter("head.bias"),
      });
      return { outputs: { ...(tokens !== undefined && { feature }), logits }, buffers };
    },
  };
}

/** Width of the feature that batch norm and linear layer see. */
export function featureWidth({ kind, width }: HeadForm): number {
  return kind === "linear" ? 2 * width : width;
}
