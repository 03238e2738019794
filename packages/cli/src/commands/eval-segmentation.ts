// `internvit eval segmentation`: a probe from pictures and label pictures to mIoU, in a run that can be ended and gone on
// with.

import type { JsonValue } from "@internvit/model-core";
import {
  checkSegmentationStorage,
  dataFacts,
  type OpenEncoders,
  outlineSegmentation,
  planSegmentation,
  protocolFacts,
  runSegmentation,
  SEGMENTATION_NORMALIZATION,
  SEGMENTATION_RESULT_FORMAT,
  type SegmentationProtocol,
  type SegmentationResult,
} from "@internvit/eval";
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
import { reportEncoder } from "./encoder-notices.ts";
import { checkPatches } from "./eval-protocol.ts";
import { writeSegmentationReports } from "./eval-result-files.ts";
import { environmentFacts, modelFacts } from "./result-facts.ts";
import { goingOn, runEvents } from "./run-events.ts";
import { openRunFolder } from "./run-folder.ts";
import type { RunRequest } from "./run-request.ts";
import { checkSegmentationData } from "./segmentation-data-check.ts";
import {
  openSegmentationData,
  type SegmentationData,
  type SegmentationDataRequest,
  segmentationDataWarnings,
} from "./segmentation-data.ts";
import { chooseSegmentationProtocol, type SegmentationChanges } from "./segmentation-protocol.ts";
import {
  describeSegmentationPlan,
  describeSegmentationResult,
  type KnownPlan,
  noteMemory,
} from "./segmentation-report.ts";
import { warmUpWarnings } from "./warm-up-warnings.ts";

/** What `eval segmentation` is asked for. */
export interface EvalSegmentationRequest
  extends RunRequest, SegmentationDataRequest, SegmentationChanges {}

/** Probes the encoder, or says how that would go, and returns the exit code. */
export async function evalSegmentation(
  request: EvalSegmentationRequest,
  context: CommandContext,
): Promise<number> {
  const { report, signal } = context;
  const { resume, output: subject } = request;
  const command = "eval segmentation";
  configureSharp();
  const protocol = await chooseSegmentationProtocol(request.protocol, { changes: request, signal });
  if (tunes(protocol) && request.dtype !== "f32") {
    throw new CliError("usage", `--dtype: ${protocol.name} trains the encoder, in f32 only`);
  }
  await using folder = request.dryRun ? undefined : await openRunFolder(request.output);
  await using data = await openSegmentationData(request, context);
  const { model, parts, machine } = await prepare(request, { data, context });
  const { config } = parts.checkpoint;
  if (request.cropSize !== undefined) {
    checkPatches("--crop-size", { pixels: request.cropSize, config });
  }
  const claim = folder && { storage: folder.storage, resume, subject };
  if (claim !== undefined) {
    const encoder = tunes(protocol) ? undefined : machine;
    await checkSegmentationStorage(protocol, { ...parts, ...claim, encoder });
  }
  await checkSegmentationData(data, { protocol, storage: folder?.storage, context });
  const warmUp = warmUpWarnings(protocol);
  for (const message of warmUp) report({ event: "notice", message });
  const outline = outlineSegmentation(protocol, parts);
  noteMemory(outline, report);
  const layers = config.numHiddenLayers;
  // What does not fit into memory would be ended by the system without a word; the encoder takes some, too.
  const room = 0.75 * process.availableMemory();
  const measured = async (): Promise<KnownPlan> =>
    outline.measuringBytes < room ? planSegmentation(protocol, parts) : outline;
  const describe = (plan: KnownPlan): string =>
    describeSegmentationPlan(plan, { protocol, model: model.label, layers });
  if (claim === undefined) {
    const plan = await measured();
    const facts = { dryRun: true, plan: json(plan), protocol: json(protocol) };
    report({ event: "result", command, facts, text: describe(plan) });
    return 0;
  }
  // What is gone on with was planned before, and a step of a large training takes minutes.
  const plan = resume ? undefined : await measured();
  if (plan !== undefined) report({ event: "notice", message: describe(plan) });
  const warnings = await segmentationDataWarnings(data, { storage: claim.storage, context });
  for (const message of warnings) report({ event: "notice", message });
  return await goingOn(async () => {
    const outcome = await runSegmentation(protocol, {
      ...parts,
      ...claim,
      decode: async (bytes, options) => (await decodeImage(bytes, options)).image,
      ...(plan?.costs !== undefined && { costs: plan.costs }),
      onEvent: runEvents(report),
    });
    const result: SegmentationResult = {
      format: SEGMENTATION_RESULT_FORMAT,
      version: 1,
      finished: new Date().toISOString(),
      model: modelFacts(model, parts.model),
      protocol: await protocolFacts(protocol),
      train: dataFacts(data.train),
      environment: environmentFacts(machine),
      seed: protocol.seed,
      ...outcome,
      warnings: [...warmUp, ...warnings, ...outcome.warnings],
    };
    const place = { folder: request.output, val: data.val, signal };
    const files = await writeSegmentationReports(result, place);
    const text = describeSegmentationResult(result, files);
    report({ event: "result", command, facts: resultFacts(result, { files, plan }), text });
    return 0;
  }, context);
}

/** Whether the encoder is trained, which nobody else opens then. */
function tunes(protocol: SegmentationProtocol): boolean {
  return protocol.kind === "online" && protocol.encoder.trained;
}

/** The model and where it runs. */
async function prepare(
  request: EvalSegmentationRequest,
  { data, context }: { readonly data: SegmentationData; readonly context: CommandContext },
) {
  const { signal, env } = context;
  const { threads } = request;
  const { train, val } = data;
  const selected = await selectExecutionProvider(request.executionProvider, { signal });
  const model = await openModel(request.model, context);
  const { checkpoint, label: name } = model;
  const cacheDirectory = cacheFolder(env);
  const { checkpointHash = null, versions } = await checkpointProvenance(checkpoint, {
    cacheDirectory,
    signal,
  });
  const { provider: executionProvider, device } = selected;
  return {
    model,
    /** What a run is given. */
    parts: {
      checkpoint,
      model: { name, checkpointHash },
      openEncoders: encodersOf(model, { request, selected, pictures: train.length, context }),
      runtime: createNodeRuntime({ executionProvider, ...(threads !== undefined && { threads }) }),
      train,
      val,
      signal,
    },
    machine: { executionProvider, device, dtype: describeDtype(request.dtype), versions },
  };
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
    readonly plan: KnownPlan | undefined;
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
    ...(plan?.milliseconds !== undefined && { plannedSeconds: plan.milliseconds / 1e3 }),
  };
}

function json(value: KnownPlan | SegmentationProtocol | SegmentationResult["heads"]) {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
