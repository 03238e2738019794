// The segmentation heads as models to be trained: on the outputs of a frozen encoder, or together with the encoder.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { transpose } from "@internvit/model-core/onnx";
import {
  type ModelCall,
  type ModelResults,
  resizeBilinear,
  type TrainingModel,
} from "@internvit/train";

import { EvalError } from "../../errors.ts";
import type { HeadState } from "../probe-head.ts";
import { batchNorm, type HeadCall } from "./batch-norm.ts";
import { maskInputs } from "./channel-dropout.ts";
import { type SegmentationForm, tapCount } from "./form.ts";
import { classify } from "./layers.ts";
import { type PatchGrid, patchMap } from "./patch-maps.ts";
import { type Levels, pyramid } from "./pyramid.ts";
import type { TrainedEncoder } from "./trained-encoder.ts";
import { auxiliaryHead, uperNet } from "./upernet.ts";

/** What both models take. */
export interface SegmentationModelOptions {
  /** Pictures in a training step. */
  readonly batch: number;
  readonly state: HeadState;
  /**
   * Evaluations return `upsampled` [n, classes, height, width] as well: the logits of a window in pixels. Default: they
   * do not.
   */
  readonly upsampleTo?: { readonly height: number; readonly width: number };
}

/**
 * A head on a frozen encoder. Its inputs are `taps.0` and, for UperNet, to `taps.3`: float32
 * [n, 1 + rows · columns, width], the `hidden_states` of the blocks that it reads; its outputs `logits`
 * [n, classes, h, w], and in training those of the auxiliary head, `auxiliary`, and of the levels, `f1`, `f2` and `f4`.
 */
export function segmentationHead(
  form: SegmentationForm,
  options: SegmentationModelOptions & { readonly grid: PatchGrid },
): TrainingModel {
  const { batch, state, grid } = options;
  const shape = [batch, 1 + grid.rows * grid.columns, form.width];
  const taps = Array.from({ length: tapCount(form) }, (_, at) => `taps.${at}`);
  return {
    inputs: {
      ...Object.fromEntries(taps.map((name) => [name, { dtype: "float32", shape } as const])),
      ...maskInputs(form, options),
    },
    ...state,
    build: (graph, call) =>
      writeHead(graph, call, {
        form,
        upsampleTo: options.upsampleTo,
        maps: taps.map((name) => patchMap(graph, call.input(name), grid)),
      }),
  };
}

/**
 * A head for evaluations alone, on grids of any size. Its inputs are those of `segmentationHead` without the class token,
 * as float32 [n, rows, columns, width]; its output is `logits`.
 */
export function headOnGrids(
  form: SegmentationForm,
  { state }: Pick<SegmentationModelOptions, "state">,
): TrainingModel {
  const taps = Array.from({ length: tapCount(form) }, (_, at) => `taps.${at}`);
  const input = { dtype: "float32", shape: [1, 1, 1, form.width] } as const;
  return {
    inputs: Object.fromEntries(taps.map((name) => [name, input])),
    ...state,
    build: (graph, call) =>
      writeHead(graph, call, {
        form,
        upsampleTo: undefined,
        maps: taps.map((name) => transpose(graph, call.input(name), [0, 3, 1, 2])),
      }),
  };
}

/**
 * A head and the encoder under it, both trained. Its inputs are `pixel_values` and, in training, `drop_path`; its
 * outputs those of `segmentationHead`.
 *
 * @throws EvalError `invalid-argument` for an encoder of another width, or read at another number of blocks
 */
export function tunedSegmentation(
  form: SegmentationForm,
  options: SegmentationModelOptions & { readonly encoder: TrainedEncoder },
): TrainingModel {
  const { batch, state, encoder } = options;
  const expected = { blocks: tapCount(form), width: form.width };
  const found = { blocks: encoder.taps.length, width: encoder.width };
  if (expected.blocks !== found.blocks || expected.width !== found.width) {
    throw new EvalError(
      "invalid-argument",
      `the ${form.kind} head reads ${expected.blocks} blocks of width ${expected.width}, the encoder gives ${found.blocks} of width ${found.width}`,
    );
  }
  return {
    inputs: { ...encoder.inputs({ batch }), ...maskInputs(form, options) },
    parameters: { ...encoder.parameters, ...state.parameters },
    buffers: state.buffers,
    base: encoder.base,
    build: (graph, call) =>
      writeHead(graph, call, {
        form,
        upsampleTo: options.upsampleTo,
        maps: encoder.maps(graph, call),
      }),
  };
}

function writeHead(
  graph: GraphBuilder,
  model: ModelCall,
  options: {
    readonly form: SegmentationForm;
    readonly maps: readonly Value[];
    readonly upsampleTo: SegmentationModelOptions["upsampleTo"];
  },
): ModelResults {
  const { form, maps, upsampleTo } = options;
  const collected: Record<string, Value> = {};
  const call: HeadCall = { ...model, collected };
  const evaluated = (logits: Value): ModelResults => ({
    outputs: {
      logits,
      ...(upsampleTo && { upsampled: resizeBilinear(graph, logits, upsampleTo) }),
    },
  });
  if (form.kind === "linear") {
    const normed = batchNorm(graph, maps[0]!, { call, name: "decode_head.norm" });
    const logits = classify(graph, normed, { call, name: "decode_head" });
    return call.mode === "evaluation"
      ? evaluated(logits)
      : { outputs: { logits }, buffers: collected };
  }
  const levels = pyramid(graph, maps as Levels, call);
  const logits = uperNet(graph, levels, call);
  if (call.mode === "evaluation") return evaluated(logits);
  const auxiliary = auxiliaryHead(graph, levels[form.auxiliaryLevel], call);
  const [f1, f2, , f4] = levels;
  return { outputs: { logits, auxiliary, f1, f2, f4 }, buffers: collected };
}
