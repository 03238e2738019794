// `internvit embed`: features of image files, or of prepared pixels, in a file.

import type { EncoderDtype, EncoderOutput, VisionEncoder } from "@internvit/model-core";
import { configureSharp } from "@internvit/preprocess/sharp";
import { type PreparationMode, selectExecutionProvider } from "@internvit/runtime-node";

import { openEncoder } from "../checkpoints/open-encoder.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import { weightsOptions } from "../checkpoints/weights-options.ts";
import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import type { ResultEvent } from "../events.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import type { DecodeLimits } from "../pictures/prepare-pictures.ts";
import { checkResultFile, createResultFile } from "../results/formats.ts";
import { formatDuration, formatMany } from "../terminal/quantities.ts";
import { type EncoderInput, pictureInput, planForModel, storedInput } from "./embed-input.ts";
import { type Encoded, encodeToFile } from "./encode-to-file.ts";
import { reportEncoder } from "./encoder-notices.ts";
import { describeFailures, failureFacts } from "./failures.ts";
import { encoderFacts, sourceFacts, versionFacts } from "./provenance.ts";

/** What `embed` is asked for. */
export interface EmbedRequest extends DecodeLimits {
  readonly images: readonly string[];
  /** `file:key` in place of images. */
  readonly pixelValues: string | undefined;
  /** Checkpoint folder; undefined is the default model. */
  readonly model: string | undefined;
  /** The file to write. */
  readonly output: string;
  readonly outputs: readonly EncoderOutput[];
  readonly preprocess: PreparationMode;
  /** Pixels; undefined is what the checkpoint says. */
  readonly imageSize: number | undefined;
  readonly keepGoing: boolean;
  /** Pictures that are encoded together. */
  readonly batchSize: number;
  /** 0: ONNX Runtime decides. */
  readonly threads: number;
  readonly executionProvider: ProviderChoice;
  readonly dtype: EncoderDtype;
}

/** Writes the features and returns the exit code. */
export async function embed(request: EmbedRequest, context: CommandContext): Promise<number> {
  const { output, outputs, batchSize, threads, keepGoing } = request;
  const { report, signal } = context;
  checkInput(request);
  await checkResultFile(output, outputs);
  configureSharp();
  // Before a model is fetched for nothing.
  const executionProvider = await selectExecutionProvider(request.executionProvider, { signal });
  const model = await openModel(request.model, context);
  const input = await openInput(request, { model, context });
  const { size: inputSize, normalization } = input;
  await using encoder = await openEncoder(model.checkpoint, {
    ...weightsOptions(request.dtype, context),
    outputs,
    inputSize,
    normalization,
    executionProvider,
    threads,
    batchSize,
    signal,
  });
  reportEncoder(encoder.info, report);
  await using result = createResultFile(output, { synthesized: model.synthesized, signal });
  const target = { encoder, result, outputs, batchSize, keepGoing, report, signal };
  const encoded = await encodeToFile(input, target);
  const problem = describeFailures(encoded.failed, input.total);
  const written = await result.finish({
    ...sourceFacts(encoded.sources, encoded.failed),
    ...input.facts,
    ...encoderFacts(model, encoder.info),
    ...versionFacts(encoder.info),
  });
  report(embedResult(encoded, { model, encoder, written, problem }));
  return problem === undefined ? 0 : 1;
}

function checkInput({ images, pixelValues, imageSize }: EmbedRequest): void {
  if (images.length === 0 && pixelValues === undefined) {
    throw new CliError(
      "usage",
      "expected image files, or --pixel-values <file>:<key>, found neither",
    );
  }
  if (images.length > 0 && pixelValues !== undefined) {
    throw new CliError("usage", "expected image files or --pixel-values, found both");
  }
  if (pixelValues !== undefined && imageSize !== undefined) {
    throw new CliError(
      "usage",
      "--image-size does not go with --pixel-values: the tensor has a size",
    );
  }
}

async function openInput(
  request: EmbedRequest,
  { model, context }: { readonly model: Model; readonly context: CommandContext },
): Promise<EncoderInput> {
  const { signal } = context;
  const { images, pixelValues, preprocess: mode, imageSize } = request;
  if (pixelValues !== undefined) return storedInput(pixelValues, { signal });
  const { orientation, maxPixels, maxSide } = request;
  const preparation = planForModel(model, { mode, imageSize, context });
  return pictureInput(images, { preparation, orientation, maxPixels, maxSide, signal });
}

function embedResult(
  encoded: Encoded,
  options: {
    readonly model: Model;
    readonly encoder: VisionEncoder;
    readonly written: readonly string[];
    readonly problem: string | undefined;
  },
): ResultEvent {
  const { model, encoder, written, problem } = options;
  const { sources, failed, shapes, milliseconds } = encoded;
  const { info } = encoder;
  const perImage = formatDuration(milliseconds / sources.length);
  const tensors = Array.from(shapes, ([name, shape]) => `  ${name} float32 [${shape.join(", ")}]`);
  return {
    event: "result",
    command: "embed",
    facts: {
      files: written,
      images: sources.length,
      failed: failureFacts(failed),
      outputs: Object.fromEntries(shapes),
      milliseconds,
      loadMilliseconds: info.loadMilliseconds,
      ...encoderFacts(model, info),
    },
    text: [
      `encoded ${formatMany(sources.length, "image")} with ${model.label} on ${info.executionProvider} (${info.device}), ${perImage} per image`,
      ...(model.synthesized === undefined ? [] : [`weights: ${model.synthesized}`]),
      `wrote ${written.join(" and ")}`,
      ...tensors,
    ].join("\n"),
    ...(problem === undefined ? {} : { problem }),
  };
}
