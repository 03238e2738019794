// `internvit verify-precision`: every picture through the encoder in float32 and in another dtype, and how far apart
// the features are. The sessions are open one after the other, so memory holds the weights once; what float32
// computed waits in a file, so memory does not grow with the pictures.

import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type EncoderDtype,
  type EncoderInfo,
  type EncoderOutput,
  featureOf,
  type Tensor,
} from "@internvit/model-core";
import { configureSharp } from "@internvit/preprocess/sharp";
import {
  type PreparationMode,
  type SelectedProvider,
  selectExecutionProvider,
} from "@internvit/runtime-node";

import { openEncoder } from "../checkpoints/open-encoder.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import { weightsOptions } from "../checkpoints/weights-options.ts";
import type { CommandContext } from "../context.ts";
import { writeError } from "../errors.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import type { DecodeLimits } from "../pictures/prepare-pictures.ts";
import { compareVectors, mergeComparisons, type VectorComparison } from "./compare-vectors.ts";
import { type EncoderInput, pictureInput, planForModel } from "./embed-input.ts";
import { precisionTable } from "./precision-table.ts";
import { encoderFacts, versionFacts } from "./provenance.ts";

/** What `verify-precision` is asked for. */
export interface VerifyPrecisionRequest extends DecodeLimits {
  readonly images: readonly string[];
  readonly model: string | undefined;
  readonly dtype: Exclude<EncoderDtype, "f32">;
  readonly outputs: readonly EncoderOutput[];
  readonly preprocess: PreparationMode;
  readonly imageSize: number | undefined;
  /** Below it the exit code is 1. */
  readonly minCosine: number | undefined;
  readonly threads: number;
  readonly executionProvider: ProviderChoice;
}

/** One picture's features against float32. */
export interface PictureComparison {
  readonly file: string;
  readonly outputs: Readonly<Record<string, VectorComparison>>;
}

/** Compares, reports and returns the exit code. */
export async function verifyPrecision(
  request: VerifyPrecisionRequest,
  context: CommandContext,
): Promise<number> {
  const { images, dtype, outputs, minCosine, preprocess: mode, imageSize } = request;
  configureSharp();
  // Before a model is fetched for nothing.
  const executionProvider = await selectExecutionProvider(request.executionProvider, {
    signal: context.signal,
  });
  const model = await openModel(request.model, context);
  const { orientation, maxPixels, maxSide } = request;
  const preparation = planForModel(model, { mode, imageSize, context });
  const { signal } = context;
  const input = pictureInput(images, { preparation, orientation, maxPixels, maxSide, signal });
  const run = { input, model, executionProvider, request, context };

  await using store = await createStore();
  await encodeAll("f32", run, async (_, features) => {
    for (const output of outputs) await store.append(dataOf(features.get(output)));
  });
  const pictures: PictureComparison[] = [];
  const info = await encodeAll(dtype, run, async (file, features) => {
    const compared: Record<string, VectorComparison> = {};
    for (const output of outputs) {
      const actual = dataOf(features.get(output));
      const width = features.get(output)?.shape.at(-1) ?? 1;
      compared[output] = compareVectors(actual, await store.next(actual.length), { width });
    }
    pictures.push({ file, outputs: compared });
  });

  const all = outputs.map((output) => ({
    output,
    ...mergeComparisons(pictures.flatMap(({ outputs: of }) => of[output] ?? [])),
  }));
  // Written so that a NaN is below every limit.
  const below = all.find((one) => minCosine !== undefined && !(one.minimumCosine >= minCosine));
  const problem =
    below === undefined
      ? undefined
      : `${below.output}: the lowest cosine is ${below.minimumCosine.toFixed(6)}, expected at least ${minCosine}`;
  context.report({
    event: "result",
    command: "verify-precision",
    facts: {
      pictures: pictures.map(({ file, outputs: of }) => ({ file, outputs: factsOf(of) })),
      all: factsOf(Object.fromEntries(all.map(({ output, ...one }) => [output, one]))),
      ...(minCosine === undefined ? {} : { min_cosine: minCosine }),
      ...input.facts,
      ...encoderFacts(model, info),
      ...versionFacts(info),
    },
    text: [
      `${dtype} against float32, ${model.label} on ${info.executionProvider} (${info.device})`,
      ...(model.synthesized === undefined ? [] : [`weights: ${model.synthesized}`]),
      ...(info.conversion?.maps ?? []),
      "",
      precisionTable(pictures, all),
    ].join("\n"),
    ...(problem === undefined ? {} : { problem }),
  });
  return problem === undefined ? 0 : 1;
}

function factsOf(
  comparisons: Readonly<Record<string, VectorComparison>>,
): Record<string, Record<string, number>> {
  return Object.fromEntries(
    Object.entries(comparisons).map(([output, one]) => [
      output,
      {
        minimum_cosine: one.minimumCosine,
        mean_cosine: one.meanCosine,
        max_absolute: one.maxAbsolute,
        vectors: one.vectors,
      },
    ]),
  );
}

async function encodeAll(
  dtype: EncoderDtype,
  run: {
    readonly input: EncoderInput;
    readonly model: Model;
    readonly executionProvider: SelectedProvider;
    readonly request: VerifyPrecisionRequest;
    readonly context: CommandContext;
  },
  use: (file: string, features: ReadonlyMap<EncoderOutput, Tensor<"float32">>) => Promise<void>,
): Promise<EncoderInfo> {
  const { input, model, executionProvider, request, context } = run;
  const { outputs, threads } = request;
  const { report, signal } = context;
  await using encoder = await openEncoder(model.checkpoint, {
    ...weightsOptions(dtype, context),
    outputs,
    inputSize: input.size,
    normalization: input.normalization,
    executionProvider,
    threads,
    signal,
  });
  let done = 0;
  for await (const { pixels, sources } of input.batches({ batchSize: 1, onFailed: undefined })) {
    const features = await encoder.encode(pixels, { signal });
    const [file = ""] = sources;
    await use(file, new Map(outputs.map((output) => [output, featureOf(features, output)])));
    done++;
    const stage = `encode in ${dtype}`;
    report({ event: "progress", stage, done, total: input.total, unit: "images", file });
  }
  return encoder.info;
}

function dataOf(tensor: Tensor<"float32"> | undefined): Float32Array {
  return tensor?.data ?? new Float32Array();
}

/** Numbers that wait in a file, to be read in the order in which they were written. */
interface Store extends AsyncDisposable {
  append(values: Float32Array): Promise<void>;
  next(count: number): Promise<Float32Array>;
}

async function createStore(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "internvit-precision-"));
  const path = join(folder, "float32");
  const handle = await open(path, "w+");
  let written = 0;
  let read = 0;
  return {
    async append(values) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      for (let done = 0; done < bytes.byteLength;) {
        const length = bytes.byteLength - done;
        const { bytesWritten } = await handle
          .write(bytes, done, length, written)
          .catch((cause: unknown) => {
            throw writeError(path, cause);
          });
        done += bytesWritten;
        written += bytesWritten;
      }
    },
    async next(count) {
      const values = new Float32Array(count);
      const bytes = new Uint8Array(values.buffer);
      for (let done = 0; done < bytes.byteLength;) {
        const { bytesRead } = await handle.read(bytes, done, bytes.byteLength - done, read);
        if (bytesRead === 0) throw writeError(path, new Error("it was cut while in use"));
        done += bytesRead;
        read += bytesRead;
      }
      return values;
    },
    async [Symbol.asyncDispose]() {
      await handle.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
