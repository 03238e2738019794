// `internvit eval classification`: a probe from data sets to a result, in a run that can be ended and gone on with.

import {
  checkStorage,
  type ClassificationResult,
  dataFacts,
  encoderOutputs,
  NAMED_PROTOCOLS,
  parseProtocol,
  planClassification,
  type Protocol,
  protocolFacts,
  RESULT_FORMAT,
  runClassification,
  type RunOutcome,
  type RunPlan,
} from "@internvit/eval";
import type { EncoderInfo, JsonValue } from "@internvit/model-core";
import { IMAGENET_NORMALIZATION } from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";
import { createNodeRuntime, selectExecutionProvider } from "@internvit/runtime-node";

import { openEncoders } from "../checkpoints/open-encoders.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import type { CommandContext } from "../context.ts";
import type { Report } from "../events.ts";
import { reportEncoder } from "./encoder-notices.ts";
import { type DataRequest, dataWarnings, type EvalData, openData } from "./eval-data.ts";
import { checkPatches, chooseProtocol, replaceFields } from "./eval-protocol.ts";
import { describePlan, describeResult } from "./eval-report.ts";
import { writeReports } from "./eval-result-files.ts";
import { environmentFacts, modelFacts } from "./result-facts.ts";
import { goingOn, runEvents } from "./run-events.ts";
import { openRunFolder } from "./run-folder.ts";
import type { RunRequest } from "./run-request.ts";
import { warmUpWarnings } from "./warm-up-warnings.ts";

/** What takes the place of a protocol's own values; undefined: nothing. */
export interface ProtocolChanges {
  readonly epochs: number | undefined;
  readonly batch: number | undefined;
  readonly seed: number | undefined;
  readonly imageSize: number | undefined;
}

/** What `eval classification` is asked for. */
export interface EvalClassificationRequest extends RunRequest, DataRequest, ProtocolChanges {}

/** Probes the encoder, or says how that would go, and returns the exit code. */
export async function evalClassification(
  request: EvalClassificationRequest,
  context: CommandContext,
): Promise<number> {
  const { report, signal } = context;
  configureSharp();
  const { epochs, batch, seed, imageSize } = request;
  const protocol = await chooseProtocol(request.protocol, {
    kind: { named: NAMED_PROTOCOLS, parse: parseProtocol },
    change: (base) => replaceFields(base, { epochs, batch, seed, imageSize }),
    signal,
  });
  await using folder = request.dryRun ? undefined : await openRunFolder(request.output);
  await using data = await openData(request, context);
  const { train, val } = data;
  const executionProvider = await selectExecutionProvider(request.executionProvider, { signal });
  const model = await openModel(request.model, context);
  const { config } = model.checkpoint;
  const size = protocol.imageSize ?? config.imageSize;
  if (imageSize !== undefined) checkPatches("--image-size", { pixels: imageSize, config });
  await using encoders = await openEncoders(model, {
    sessions: request.sessions,
    threads: request.threads,
    pictures: train.length,
    outputs: encoderOutputs(protocol),
    inputSize: { width: size, height: size },
    normalization: IMAGENET_NORMALIZATION,
    batchSize: request.encodeBatch,
    dtype: request.dtype,
    executionProvider,
    context,
  });
  const [{ info }] = encoders.all;
  reportEncoder(info, report);
  const { threads } = request;
  const runtime = createNodeRuntime({
    executionProvider: executionProvider.provider,
    ...(threads !== undefined && { threads }),
  });
  const parts = { encoders: encoders.all, runtime, train, val, signal };
  const { resume, output: subject } = request;
  // Before anything is measured.
  if (folder !== undefined) {
    await checkStorage(protocol, { ...parts, storage: folder.storage, resume, subject });
  }
  const warmUp = warmUpWarnings(protocol);
  for (const message of warmUp) report({ event: "notice", message });
  const plan = await planClassification(protocol, parts);
  if (folder === undefined) {
    report({
      event: "result",
      command: "eval classification",
      facts: { dryRun: true, plan: json(plan), protocol: json(protocol) },
      text: describePlan(plan, { protocol, model: model.label }),
    });
    return 0;
  }
  report({ event: "notice", message: describePlan(plan, { protocol, model: model.label }) });
  const { storage } = folder;
  const warnings = await dataWarnings(data, { storage, context });
  for (const message of warnings) report({ event: "notice", message });
  return await goingOn(async () => {
    const outcome = await runClassification(protocol, {
      ...parts,
      decode: async (bytes, options) => (await decodeImage(bytes, options)).image,
      storage,
      costs: plan.costs,
      resume,
      subject,
      onEvent: runEvents(report),
    });
    const known = { ...outcome, warnings: [...warmUp, ...warnings, ...outcome.warnings] };
    const result = await resultOf(known, { protocol, model, info, data });
    const files = await writeReports(result, { folder: request.output, val, signal });
    reportResult(result, { report, files, plan });
    return 0;
  }, context);
}

/** The whole result. */
async function resultOf(
  outcome: RunOutcome,
  options: {
    readonly protocol: Protocol;
    readonly model: Model;
    readonly info: EncoderInfo;
    readonly data: EvalData;
  },
): Promise<ClassificationResult> {
  const { protocol, model, info, data } = options;
  return {
    format: RESULT_FORMAT,
    version: 1,
    finished: new Date().toISOString(),
    model: modelFacts(model, { checkpointHash: info.checkpointHash ?? null }),
    protocol: await protocolFacts(protocol),
    train: dataFacts(data.train),
    environment: environmentFacts(info),
    seed: protocol.seed,
    ...outcome,
  };
}

function reportResult(
  result: ClassificationResult,
  options: {
    readonly report: Report;
    readonly files: readonly [string, ...string[]];
    readonly plan: RunPlan;
  },
): void {
  const { report, files, plan } = options;
  report({
    event: "result",
    command: "eval classification",
    facts: {
      results: files[0],
      files,
      protocol: result.protocol.hash,
      heads: json(result.heads),
      sets: result.sets.map(({ data, scores }) => ({
        name: data.name,
        scores: scores.map(({ top1, top5, scored, unreadable }) => ({
          top1,
          top5,
          scored,
          unreadable,
        })),
      })),
      seconds: result.times.total,
      plannedSeconds: plan.milliseconds / 1e3,
    },
    text: describeResult(result, files),
  });
}

function json(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
