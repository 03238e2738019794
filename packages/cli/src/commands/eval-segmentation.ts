// `internvit eval segmentation`: a probe from pictures and label pictures to mIoU, in a run that can be ended and gone on
// with.

import {
  checkSegmentationStorage,
  dataFacts,
  type OpenEncoders,
  planSegmentation,
  protocolFacts,
  runSegmentation,
  SEGMENTATION_NORMALIZATION,
  SEGMENTATION_RESULT_FORMAT,
  type SegmentationPlan,
  type SegmentationProtocol,
  type SegmentationResult,
} from "@internvit/eval";
import { folderStorage } from "@internvit/eval/node";
import type { EncoderDtype } from "@internvit/model-core";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";
import {
  cacheFolder,
  checkpointProvenance,
  createNodeRuntime,
  describeDtype,
  selectExecutionProvider,
  type SelectedProvider,
} from "@internvit/runtime-node";

import { openEncoders } from "../checkpoints/open-encoders.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import type { JsonValue } from "../events.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import { reportEncoder } from "./encoder-notices.ts";
import { writeSegmentationReports } from "./eval-result-files.ts";
import { environmentFacts, modelFacts } from "./result-facts.ts";
import { noteOnEnding, runEvents } from "./run-events.ts";
import { openRunFolder } from "./run-folder.ts";
import { checkSegmentationData } from "./segmentation-data-check.ts";
import {
  openSegmentationData,
  type SegmentationDataRequest,
  segmentationDataWarnings,
} from "./segmentation-data.ts";
import { chooseSegmentationProtocol, type SegmentationChanges } from "./segmentation-protocol.ts";
import { describeSegmentationPlan, describeSegmentationResult } from "./segmentation-report.ts";

/** What `eval segmentation` is asked for. */
export interface EvalSegmentationRequest extends SegmentationDataRequest, SegmentationChanges {
  /** A name or a file. */
  readonly protocol: string;
  /** Checkpoint folder; undefined is the default model. */
  readonly model: string | undefined;
  /** The folder to write. */
  readonly output: string;
  /** Pictures in one run of the encoder. */
  readonly encodeBatch: number;
  readonly sessions: number | "auto";
  readonly threads: number | undefined;
  readonly resume: boolean;
  readonly dryRun: boolean;
  readonly executionProvider: ProviderChoice;
  readonly dtype: EncoderDtype;
}

/** Probes the encoder, or says how that would go, and returns the exit code. */
export async function evalSegmentation(
  request: EvalSegmentationRequest,
  context: CommandContext,
): Promise<number> {
  const { report, signal, env } = context;
  const { resume, dryRun, output: subject, threads } = request;
  configureSharp();
  const protocol = await chooseSegmentationProtocol(request.protocol, { changes: request, signal });
  const tuned = protocol.kind === "online" && protocol.encoder.trained;
  if (tuned && request.dtype !== "f32") {
    throw new CliError("usage", `--dtype: ${protocol.name} trains the encoder, in f32 only`);
  }
  await using folder = dryRun ? undefined : await openRunFolder(request.output);
  await using data = await openSegmentationData(request, context);
  const selected = await selectExecutionProvider(request.executionProvider, { signal });
  const model = await openModel(request.model, context);
  const { checkpoint } = model;
  const provenance = await checkpointProvenance(checkpoint, {
    cacheDirectory: cacheFolder(env),
    signal,
  });
  const { checkpointHash = null, versions } = provenance;
  const dtype = describeDtype(request.dtype);
  const runtime = createNodeRuntime({
    executionProvider: selected.provider,
    ...(threads !== undefined && { threads }),
  });
  const parts = {
    checkpoint,
    model: { name: model.label, checkpointHash },
    openEncoders: encodersOf(model, { request, selected, pictures: data.train.length, context }),
    runtime,
    train: data.train,
    val: data.val,
    signal,
  };
  const storage = folderStorage(request.output);
  const claim = { storage, resume, subject };
  const kept = dryRun ? undefined : storage;
  if (!dryRun) {
    const encoder = tuned ? undefined : { executionProvider: runtime.executionProvider, dtype };
    await checkSegmentationStorage(protocol, { ...parts, ...claim, encoder });
  }
  await checkSegmentationData(data, { protocol, storage: kept, context });
  // What is gone on with was planned before, and a step of a large training takes minutes.
  const plan = resume && !dryRun ? undefined : await planSegmentation(protocol, parts);
  if (plan !== undefined) {
    const layers = checkpoint.config.numHiddenLayers;
    const text = describeSegmentationPlan(plan, { protocol, model: model.label, layers });
    if (dryRun) {
      const facts = { dryRun: true, plan: json(plan), protocol: json(protocol) };
      report({ event: "result", command: "eval segmentation", facts, text });
      return 0;
    }
    report({ event: "notice", message: text });
  }
  const warnings = await segmentationDataWarnings(data, { storage, context });
  for (const message of warnings) report({ event: "notice", message });
  using ending = noteOnEnding(context);
  const outcome = await runSegmentation(protocol, {
    ...parts,
    ...claim,
    decode: async (bytes, options) => (await decodeImage(bytes, options)).image,
    ...(plan !== undefined && { costs: plan.costs }),
    onEvent: runEvents(report),
  });
  const { provider: executionProvider, device } = selected;
  const result: SegmentationResult = {
    format: SEGMENTATION_RESULT_FORMAT,
    version: 1,
    finished: new Date().toISOString(),
    model: modelFacts(model, { checkpointHash }),
    protocol: await protocolFacts(protocol),
    train: dataFacts(data.train),
    environment: environmentFacts({ executionProvider, device, dtype, versions }),
    seed: protocol.seed,
    ...outcome,
    warnings: [...warnings, ...outcome.warnings],
  };
  const files = await writeSegmentationReports(result, {
    folder: request.output,
    val: data.val,
    signal,
  });
  report({
    event: "result",
    command: "eval segmentation",
    facts: resultFacts(result, { files, plan }),
    text: describeSegmentationResult(result, files),
  });
  return 0;
}

/** Opens encoders of the model; says once what is special about how they run. */
function encodersOf(
  model: Model,
  options: {
    readonly request: EvalSegmentationRequest;
    readonly selected: SelectedProvider;
    readonly pictures: number;
    readonly context: CommandContext;
  },
): OpenEncoders {
  const { request, selected, pictures, context } = options;
  const { sessions, threads, dtype, encodeBatch: batchSize } = request;
  let told = false;
  return async (size) => {
    const { all } = await openEncoders(model, {
      ...size,
      sessions,
      threads,
      pictures,
      normalization: SEGMENTATION_NORMALIZATION,
      batchSize,
      dtype,
      executionProvider: selected,
      context,
    });
    if (!told) reportEncoder(all[0].info, context.report);
    told = true;
    return all;
  };
}

function resultFacts(
  result: SegmentationResult,
  options: {
    readonly files: readonly [string, ...string[]];
    readonly plan: SegmentationPlan | undefined;
  },
): Readonly<Record<string, JsonValue>> {
  const { files, plan } = options;
  const { protocol, heads, val, times, warnings } = result;
  return {
    results: files[0],
    files,
    protocol: protocol.hash,
    heads: json(heads),
    set: val.data.name,
    scores: val.scores.map(
      ({ pictures, unreadable, meanIou, meanAccuracy, pixelAccuracy, boundaryIou }) => ({
        pictures,
        unreadable,
        meanIou,
        meanAccuracy,
        pixelAccuracy,
        boundaryIou,
      }),
    ),
    warnings,
    seconds: times.total,
    ...(plan !== undefined && { plannedSeconds: plan.milliseconds / 1e3 }),
  };
}

function json(value: SegmentationPlan | SegmentationProtocol | SegmentationResult["heads"]) {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
