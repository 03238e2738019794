// From a checkpoint to an encoder: provider, weights, graph, session in its worker, batches.

import {
  buildEncoderGraph,
  type Checkpoint,
  type CheckpointDirectory,
  encodeGraphModel,
  type EncoderInfo,
  type EncoderOutput,
  type Fusion,
  type GraphModel,
  hiddenStateOf,
  type InputSize,
  type PixelNormalization,
  type ProjectorFiles,
  type VisionEncoder,
} from "@internvit/model-core";
import {
  checkBatchSize,
  encodeInBatches,
  placementNotes,
  resolveVisualParts,
  synthesizedWords,
  type VisualChoices,
  visualInfo,
} from "@internvit/model-core/session";
import { IMAGENET_NORMALIZATION } from "@internvit/preprocess";

import { checkMemory, memoryHere } from "./check-memory.ts";
import { chooseDtype } from "./choose-dtype.ts";
import { chooseWeights, type GraphWeights, type WebDtype } from "./choose-weights.ts";
import { type OpenedCheckpoint, openForKeeping } from "./store/open-for-keeping.ts";
import type { WeightsPlace } from "./store/keep-request.ts";
import { type SelectedWorker, selectWorker } from "./select-provider.ts";
import { VERSION } from "./version.ts";
import { wasmThreads } from "./wasm-threads.ts";
import type { WorkerOptions } from "./web-runtime.ts";
import { openWebSession, type WebGraphSession } from "./web-session.ts";
import type { WeightProgress } from "./worker/keep-order.ts";
import type { WebProvider } from "./worker/protocol.ts";

/** Options of `createVisionEncoder`. */
export interface VisionEncoderOptions extends VisualChoices, WorkerOptions {
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
   * Default: `"auto"`, WebGPU on a GPU that gives right numbers, else WebAssembly; `info.passedOver` says why. A named
   * one is used or refused with the reasons.
   */
  readonly executionProvider?: WebProvider | "auto";
  /**
   * Default `"auto"`: `f16` on a GPU with shader-f16 whose products are right, else `f32`, the checkpoint's numbers;
   * `info.dtype` says which. `"f16"` needs `webgpu` with shader-f16, `"q8-dynamic"` is for
   * `wasm`.
   */
  readonly dtype?: WebDtype | "auto";
  /** For `visual_tokens`: a projector that is not in the checkpoint (`readProjector`). Default: the checkpoint's own. */
  readonly projector?: ProjectorFiles;
  /** Pictures in one run of the session; more are split. Default 1. */
  readonly batchSize?: number;
  /** Fused forms of the graph. Default: those that pay on the execution provider; `[]` is the plain graph. */
  readonly fusions?: readonly Fusion[];
  /**
   * Where weights are kept between visits. Default `"auto"`: those of a checkpoint on a server in OPFS, else in the Cache
   * API, else not at all; `info.notes` say which. A named place is used or refused with the reason.
   */
  readonly weights?: WeightsPlace;
  /** Hears how far the weights are. */
  readonly onProgress?: (progress: WeightProgress) => void;
  /** Stops the loading. What was fetched for the store by then stays, and the next time goes on from there. */
  readonly signal?: AbortSignal;
}

/** An encoder in a browser. On `webgpu` its `info.placement` is known after the first `encode`. */
export interface WebVisionEncoder extends VisionEncoder, Pick<WebGraphSession, "loseDevice"> {}

/** As on Node's CPU and WebGPU providers; an operator without a kernel there would move its tensors. */
const FUSIONS: Readonly<Record<WebProvider, readonly Fusion[]>> = {
  wasm: ["attention", "rms-norm", "transposed-weights"],
  webgpu: ["attention"],
};

/**
 * Opens a checkpoint as an encoder. The session lives in a worker; the page is never blocked.
 *
 * @throws ModelError when the checkpoint is missing, malformed or does not fit its config, and when visual tokens are
 * wanted of one without a projector; RuntimeError `unsupported` when the provider or the dtype is not to be had here or
 * the session would not fit into memory, `load-failed` when ONNX Runtime cannot open it; the signal's reason when it aborts.
 */
export async function createVisionEncoder(
  checkpoint: Checkpoint | CheckpointDirectory,
  options: VisionEncoderOptions = {},
): Promise<WebVisionEncoder> {
  const { batchSize = 1, signal, wasmPaths, executionProvider = "auto" } = options;
  checkBatchSize(batchSize);
  const cancel = signal === undefined ? {} : { signal };
  const opened = await openForKeeping(checkpoint, { wanted: options.weights ?? "auto", ...cancel });
  const threads = wasmThreads(options.threads);
  const selected = await selectWorker(executionProvider, { threads, wasmPaths, signal });
  let loaded: LoadedEncoder;
  try {
    loaded = await loadEncoder(opened, { ...options, selected });
  } catch (error) {
    selected.worker.terminate();
    selected.crashMark.remove();
    throw error;
  }
  const { session, info } = loaded;
  const { inputSize } = info;
  const { crashMark } = selected;
  const dispose = async (): Promise<void> => {
    crashMark.remove();
    await session.dispose();
  };
  return {
    config: opened.checkpoint.config,
    info,
    async encode(pixels, encodeOptions = {}) {
      try {
        return await encodeInBatches(session, pixels, { batchSize, inputSize, ...encodeOptions });
      } finally {
        crashMark.remove();
        completeInfo(info, session);
      }
    },
    loseDevice: () => session.loseDevice(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Adds what only a run shows. */
function completeInfo(info: EncoderInfo, { placement }: WebGraphSession): void {
  if (placement === undefined || info.placement !== undefined) return;
  const notes = [...(info.notes ?? []), ...placementNotes(placement)];
  Object.assign(info, { placement }, notes.length === 0 ? {} : { notes });
}

interface LoadedEncoder {
  readonly session: WebGraphSession;
  readonly info: EncoderInfo;
}

async function loadEncoder(
  { checkpoint, keep, notes: openNotes }: OpenedCheckpoint,
  options: VisionEncoderOptions & { readonly selected: SelectedWorker },
): Promise<LoadedEncoder> {
  const {
    outputs = ["last_hidden_state", "pooler_output"],
    batchSize = 1,
    onProgress,
    signal,
  } = options;
  const { selected, projector: separate, normalization = IMAGENET_NORMALIZATION } = options;
  const { worker, settings } = selected;
  const { config } = checkpoint;
  const { dtype, notes: dtypeNotes } = chooseDtype(options.dtype ?? "auto", worker.provider);
  const visual = resolveVisualParts(checkpoint, { ...options, outputs, separate });
  const side = visual?.imageSize ?? config.imageSize;
  const inputSize = options.inputSize ?? { height: side, width: side };
  for (const output of outputs) hiddenStateOf(output, config, visual?.settings);
  const fusions =
    options.fusions ??
    FUSIONS[settings.provider].filter(
      (fusion) => fusion !== "attention" || selected.fusedAttention,
    );
  const chosen = await chooseWeights(checkpoint, {
    worker,
    dtype,
    keep,
    projector: visual?.weights,
    separate,
  });
  const build = ({ weights, projector }: GraphWeights): GraphModel =>
    buildEncoderGraph(
      { config, weights, ...(projector === undefined ? {} : { projector }) },
      {
        inputSize,
        inputs: ["pixels", "pixel_values"],
        normalization,
        outputs,
        fusions,
        ...(visual === undefined ? {} : { visual: visual.settings }),
      },
    );
  // What is wrong with the options is found before anything is fetched.
  const planned = build(chosen);
  const there = memoryHere(worker.provider.adapter);
  checkMemory(planned, { config, inputSize, batchSize, fusions, dtype, there });
  const begin = performance.now();
  const material = await chosen.materialize({ onProgress, signal });
  const model = material.weights === chosen.weights ? planned : build(material);
  onProgress?.({ phase: "session", loadedBytes: 0, totalBytes: 0 });
  const session = await openWebSession(worker, {
    settings,
    model,
    graph: encodeGraphModel(model),
    files: material.files,
    recordPlacement: settings.provider === "webgpu",
    onDeviceLost: options.onDeviceLost,
    signal,
  });
  const { passedOver, device } = selected;
  const notes = [...openNotes, ...selected.notes, ...dtypeNotes, ...material.notes];
  const info: EncoderInfo = {
    executionProvider: settings.provider,
    device,
    ...(passedOver.length === 0 ? {} : { passedOver }),
    ...(notes.length === 0 ? {} : { notes }),
    dtype: dtype === "f32" ? "float32" : dtype === "f16" ? "float16" : dtype,
    ...(chosen.conversion === undefined ? {} : { conversion: chosen.conversion }),
    threads: settings.threads,
    fusions,
    inputSize,
    outputs,
    ...(visual === undefined
      ? {}
      : { visual: visualInfo(visual, { inputSize, patchSize: config.patchSize }) }),
    checkpoint: checkpoint.label,
    ...(chosen.checkpointHash === undefined ? {} : { checkpointHash: chosen.checkpointHash }),
    synthesized: synthesizedWords(checkpoint, visual),
    loadMilliseconds: performance.now() - begin,
    versions: {
      internvit: VERSION,
      "onnxruntime-web": session.description.onnxruntimeVersion,
    },
  };
  return { session, info };
}
