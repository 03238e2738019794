// From a checkpoint folder to an encoder: graph, session in its thread, batches.

import {
  buildEncoderGraph,
  type EncoderDtype,
  type EncoderInfo,
  type EncoderOutput,
  type Fusion,
  hiddenStateOf,
  type InputSize,
  type PixelNormalization,
  resolveEncoderWeights,
  type VisionEncoder,
} from "@internvit/model-core";
import {
  checkBatchSize,
  encodeInBatches,
  synthesizedWords,
  visualInfo,
} from "@internvit/model-core/session";
import { IMAGENET_NORMALIZATION } from "@internvit/preprocess";

import { sessionThreads } from "./cpu-limit.ts";
import { createNodeRuntime } from "./node-runtime.ts";
import { type LocalCheckpoint, openCheckpoint } from "./open-checkpoint.ts";
import {
  type ExecutionProvider,
  needsAlignedWeights,
  providerFusions,
} from "./providers/execution-providers.ts";
import { deviceInfo } from "./providers/device-info.ts";
import { selectExecutionProvider, type SelectedProvider } from "./providers/select-provider.ts";
import { warmUp } from "./providers/warm-up.ts";
import { cacheFolder } from "./sidecar/cache-folder.ts";
import { hashCheckpoint } from "./sidecar/checkpoint-hash.ts";
import { chooseWeights, type WeightsOptions } from "./sidecar/choose-weights.ts";
import { VERSION } from "./version.ts";
import { openVisualParts, type VisualOptions } from "./visual-outputs.ts";

/** Options of `createVisionEncoder`. */
export interface VisionEncoderOptions extends VisualOptions, WeightsOptions {
  /** What `encode` returns. Default: `last_hidden_state` and `pooler_output`. */
  readonly outputs?: readonly EncoderOutput[];
  /**
   * Size of the pictures in pixels. Default: the config's `imageSize`, square; with visual outputs the side of a tile
   * that the chat config says.
   */
  readonly inputSize?: InputSize;
  /** How uint8 pixels are normalised. Default: the ImageNet constants, which every InternViT was trained with. */
  readonly normalization?: PixelNormalization;
  /**
   * Default: `"cpu"`. A named one is used or refused with the reasons; `"auto"` takes the first that works here. What
   * `selectExecutionProvider` returned saves trying it again.
   */
  readonly executionProvider?: ExecutionProvider | "auto" | SelectedProvider;
  /** Threads that one operator may use. Default 0: one per physical core, in a container what its CPU limit pays for. */
  readonly threads?: number;
  /** Pictures in one run of the session; more are split. Default 1: on a CPU larger batches are no faster. */
  readonly batchSize?: number;
  /** Fused forms of the graph. Default: those that pay on the execution provider; `[]` is the plain graph. */
  readonly fusions?: readonly Fusion[];
  /** Stops waiting for the session. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a checkpoint folder as an encoder. The session lives in a worker thread; the calling thread is never
 * blocked. With `dtype` `f32` weights are used in place; every other dtype keeps a converted copy in `cacheDirectory`.
 *
 * @throws ModelError when the checkpoint is missing, malformed or does not fit its config, and when visual tokens are
 * wanted of one without a projector; RuntimeError when ONNX Runtime cannot open it or converted weights cannot be
 * written; the signal's reason when it aborts.
 */
export async function createVisionEncoder(
  checkpoint: string | LocalCheckpoint,
  options: VisionEncoderOptions = {},
): Promise<VisionEncoder> {
  const {
    outputs = ["last_hidden_state", "pooler_output"],
    normalization = IMAGENET_NORMALIZATION,
    batchSize = 1,
    signal,
  } = options;
  checkBatchSize(batchSize);
  const threads = sessionThreads(options.threads);
  const cancel = signal === undefined ? {} : { signal };
  const opened =
    typeof checkpoint === "string" ? await openCheckpoint(checkpoint, cancel) : checkpoint;
  const { config } = opened;
  const selected = await resolveProvider(options.executionProvider, cancel);
  const { provider, fusedAttention } = selected;
  const fusions = options.fusions ?? providerFusions(provider, { attention: fusedAttention });
  const visual = await openVisualParts(opened, { ...options, outputs });
  const side = visual?.imageSize ?? config.imageSize;
  const inputSize = options.inputSize ?? { height: side, width: side };
  for (const output of outputs) hiddenStateOf(output, config, visual?.settings);
  const chosen = await chooseWeights(opened, {
    ...options,
    projector: visual?.weights,
    target: provider === "cpu" ? "cpu" : "gpu",
    aligned: needsAlignedWeights(provider),
  });
  const model = buildEncoderGraph(
    {
      config,
      weights: chosen.weights,
      ...(chosen.projector === undefined ? {} : { projector: chosen.projector }),
    },
    {
      inputSize,
      inputs: ["pixels", "pixel_values"],
      normalization,
      outputs,
      fusions,
      ...(visual === undefined ? {} : { visual: visual.settings }),
    },
  );
  const runtime = createNodeRuntime({
    directory: opened.path,
    executionProvider: provider,
    threads,
    recordPlacement: provider !== "cpu",
  });
  // Beside the loading, which another thread does.
  const hashing = hashCheckpoint(
    opened,
    [resolveEncoderWeights(opened), ...(visual?.weights === undefined ? [] : [visual.weights])],
    { cacheDirectory: options.cacheDirectory ?? cacheFolder(process.env), signal },
  );
  hashing.catch(() => undefined);
  const session = await runtime.load(model, cancel);
  const warmed = provider === "cpu" ? undefined : await warmUp(session, { inputSize, ...cancel });
  const checkpointHash = await hashing;
  const info: EncoderInfo = {
    ...deviceInfo(selected, warmed),
    dtype: describeDtype(options.dtype),
    ...(chosen.conversion === undefined ? {} : { conversion: chosen.conversion }),
    threads,
    fusions,
    inputSize,
    outputs,
    ...(visual === undefined
      ? {}
      : { visual: visualInfo(visual, { inputSize, patchSize: config.patchSize }) }),
    checkpoint: opened.label,
    ...(checkpointHash === undefined ? {} : { checkpointHash }),
    synthesized: synthesizedWords(opened, visual),
    loadMilliseconds: session.description.loadMilliseconds + (warmed?.milliseconds ?? 0),
    versions: {
      internvit: VERSION,
      "onnxruntime-node": session.description.onnxruntimeVersion,
      node: process.versions.node,
    },
  };
  const dispose = (): Promise<void> => session.dispose();
  return {
    config,
    info,
    encode: (pixels, encodeOptions = {}) =>
      encodeInBatches(session, pixels, { batchSize, inputSize, ...encodeOptions }),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function resolveProvider(
  wanted: VisionEncoderOptions["executionProvider"] = "cpu",
  options: { readonly signal?: AbortSignal },
): Promise<SelectedProvider> {
  return typeof wanted === "string" ? selectExecutionProvider(wanted, options) : wanted;
}

/** An `EncoderDtype` as `EncoderInfo` and results call it. */
export function describeDtype(dtype: EncoderDtype = "f32"): EncoderInfo["dtype"] {
  if (dtype === "f32") return "float32";
  return dtype === "f16" ? "float16" : dtype;
}
