// The training sessions of protocols.

import type { GraphRuntime } from "@internvit/model-core";
import { createTrainingSession, headGrid, type TrainingSession } from "@internvit/train";

import { initialHead } from "../heads/initial-head.ts";
import { type HeadForm, probeHead } from "../heads/probe-head.ts";
import type { FeaturesProtocol, OnlineProtocol } from "../protocols/protocol.ts";
import { gridHeads } from "./head-grid.ts";
import { labelLoss, targetLoss, trainingSettings } from "./training-settings.ts";

/** Most updates in one run of a grid's graph: between runs all weights and momenta are copied. */
const TOGETHER = 8;
/**
 * Bytes of features in one run that are no matter: memory of this size is used again as it is, while larger pieces are
 * new to the system every time, which took three times as long as filling them (glibc maps from 32 MiB on).
 */
const SMALL_BYTES = 25e6;
/** Fewer updates are over before the second graph, that of several updates, would have paid for itself. */
const WORTH_A_GRAPH = 64;

/** What the sessions of both kinds need. */
export interface HeadSessionOptions {
  readonly form: HeadForm;
  readonly perEpoch: number;
  readonly signal?: AbortSignal | undefined;
}

/** All heads of a grid: `features` and `labels` in, the logits of each head out. */
export async function gridSession(
  runtime: GraphRuntime,
  { protocol, ...options }: HeadSessionOptions & { readonly protocol: FeaturesProtocol },
): Promise<TrainingSession> {
  const { form, perEpoch, signal } = options;
  const { batch, seed, batchNorm, labelSmoothing: smoothing } = protocol;
  const heads = gridHeads(protocol).map(
    ({ name, learningRate, weightDecay }) =>
      [name, { learningRateScale: learningRate, weightDecay }] as const,
  );
  return createTrainingSession(runtime, {
    ...headGrid({
      model: probeHead(form, { batch, state: initialHead(form, { seed }), batchNorm }),
      loss: labelLoss({ batch, classes: form.classes, smoothing }),
      heads: Object.fromEntries(heads),
    }),
    ...trainingSettings(protocol, { rate: 1, perEpoch }),
    ...(signal !== undefined && { signal }),
  });
}

/**
 * Updates of a grid that go into one run: features of half of what is copied between runs, or as many as cost nothing. A
 * device that has no loops keeps weights and momenta itself.
 */
export function updatesTogether(
  { executionProvider }: GraphRuntime,
  options: {
    readonly updates: number;
    readonly batchBytes: number;
    /** Of weights and momenta of all heads. */
    readonly stateBytes: number;
  },
): number {
  const { updates, batchBytes, stateBytes } = options;
  if (executionProvider === "webgpu" || updates < WORTH_A_GRAPH) return 1;
  const worth = Math.max(SMALL_BYTES, stateBytes / 2);
  return Math.max(1, Math.min(TOGETHER, Math.floor(worth / batchBytes)));
}

/** One head: `features` or `tokens`, and `targets`, in. */
export async function onlineSession(
  runtime: GraphRuntime,
  options: HeadSessionOptions & {
    readonly protocol: OnlineProtocol;
    /** Tokens of a picture; undefined: class token and patch mean are fed. */
    readonly tokens: number | undefined;
  },
): Promise<TrainingSession> {
  const { protocol, form, perEpoch, tokens, signal } = options;
  const { batch, seed, batchNorm, learningRate, weightDecay } = protocol;
  const fed = tokens === undefined ? {} : { tokens };
  return createTrainingSession(runtime, {
    model: probeHead(form, { batch, ...fed, state: initialHead(form, { seed }), batchNorm }),
    loss: targetLoss({ batch, classes: form.classes }),
    ...trainingSettings(protocol, { rate: learningRate, perEpoch }),
    group: () => ({ weightDecay }),
    ...(signal !== undefined && { signal }),
  });
}
