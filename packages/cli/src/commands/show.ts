// `internvit show`: one picture through everything, with what happened on the way, and its features to look at.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import {
  countParameters,
  type EncoderDtype,
  type EncoderInfo,
  type EncoderOutput,
  featureOf,
  type Tensor,
} from "@internvit/model-core";
import { colorFeatures, patchFeatures } from "@internvit/model-core/features";
import { packPixels, resizeRgb, type RgbImage } from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";
import { type Preparation, preparePicture, selectExecutionProvider } from "@internvit/runtime-node";

import { openEncoder } from "../checkpoints/open-encoder.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import { weightsOptions } from "../checkpoints/weights-options.ts";
import type { CommandContext } from "../context.ts";
import { sideBySide } from "../drawing/side-by-side.ts";
import { writePng } from "../drawing/write-png.ts";
import { writeError } from "../errors.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import { checkResultFile, createResultFile } from "../results/formats.ts";
import { checkTarget } from "../results/temporary-files.ts";
import { planForModel } from "./embed-input.ts";
import { reportEncoder } from "./encoder-notices.ts";
import { encoderFacts, preparationFacts, sourceFacts, versionFacts } from "./provenance.ts";
import { describeShow, type ShowReport } from "./show-report.ts";
import { createStopwatch } from "./stopwatch.ts";

/** What `show` is asked for. */
export interface ShowRequest {
  readonly image: string;
  /** Checkpoint folder; undefined is the default model. */
  readonly model: string | undefined;
  /** Folder for the two files; made when it is not there. */
  readonly output: string;
  readonly executionProvider: ProviderChoice;
  readonly dtype: EncoderDtype;
}

const OUTPUTS = ["last_hidden_state", "pooler_output"] as const satisfies readonly EncoderOutput[];
const GAP_PIXELS = 8;
const orientation = "ignore";

/** Encodes and draws the picture, and returns the exit code. */
export async function show(request: ShowRequest, context: CommandContext): Promise<number> {
  const { report, signal } = context;
  const features = join(request.output, "features.safetensors");
  const drawing = join(request.output, "features.png");
  await prepareOutput(request.output, { features, drawing });
  configureSharp();
  const stopwatch = createStopwatch();
  // Before anything slow: the picture is what is most likely wrong.
  const decoded = await stopwatch.time("decode", () => decodeImage(request.image, { signal }));
  const executionProvider = await selectExecutionProvider(request.executionProvider, { signal });
  const model = await stopwatch.time("find model", () => openModel(request.model, context));
  const preparation = planForModel(model, { mode: "clip", imageSize: undefined, context });
  const crop = await stopwatch.time("preprocess", async () =>
    preparePicture(decoded.image, preparation),
  );
  await using encoder = await stopwatch.time("open model", () =>
    openEncoder(model.checkpoint, {
      ...weightsOptions(request.dtype, context),
      outputs: OUTPUTS,
      inputSize: preparation.size,
      normalization: preparation.normalization,
      executionProvider,
      signal,
    }),
  );
  reportEncoder(encoder.info, report);
  const { info, config } = encoder;
  const encoded = await stopwatch.time("encode", () =>
    encoder.encode(packPixels([crop]), { signal }),
  );
  const rows = new Map(OUTPUTS.map((output) => [output, featureOf(encoded, output)]));
  await writeFeatures(features, { rows, request, preparation, model, info, signal });
  const patches = featureOf(encoded, "last_hidden_state");
  const share = await stopwatch.time("draw", () =>
    draw(drawing, { patches, crop, patchSize: config.patchSize, model }),
  );
  const facts: ShowReport = {
    image: request.image,
    width: decoded.sourceWidth,
    height: decoded.sourceHeight,
    mode: decoded.mode,
    format: decoded.format,
    inputSize: [crop.height, crop.width],
    patchSize: config.patchSize,
    tokens: patches.shape[1] ?? 0,
    parameters: countParameters(config),
    outputs: Object.fromEntries(Array.from(rows, ([name, { shape }]) => [name, shape])),
    shownVariance: share,
    milliseconds: stopwatch.stages(),
    files: [features, drawing],
    ...encoderFacts(model, info),
    ...versionFacts(info),
  };
  report({
    event: "result",
    command: "show",
    facts: { ...facts },
    text: describeShow(facts, model),
  });
  return 0;
}

async function prepareOutput(
  folder: string,
  { features, drawing }: { readonly features: string; readonly drawing: string },
): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(folder, cause);
  });
  await checkResultFile(features, OUTPUTS);
  await checkTarget(drawing);
}

async function writeFeatures(
  path: string,
  options: {
    readonly rows: ReadonlyMap<EncoderOutput, Tensor>;
    readonly request: ShowRequest;
    readonly preparation: Preparation;
    readonly model: Model;
    readonly info: EncoderInfo;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { rows, request, preparation, model, info, signal } = options;
  await using result = createResultFile(path, { synthesized: model.synthesized, signal });
  await result.append(rows, [request.image]);
  await result.finish({
    ...sourceFacts([request.image]),
    ...preparationFacts(preparation, { orientation }),
    ...encoderFacts(model, info),
    ...versionFacts(info),
  });
}

/** Draws the crop and its patches; returns the part of the variance that the colours show. */
async function draw(
  path: string,
  options: {
    readonly patches: Tensor<"float32">;
    readonly crop: RgbImage;
    readonly patchSize: number;
    readonly model: Model;
  },
): Promise<number> {
  const { patches, crop, patchSize, model } = options;
  const { image, share } = colorFeatures(patchFeatures(patches, { inputSize: crop, patchSize }));
  const { width, height } = crop;
  const right = resizeRgb(image, { width, height, filter: "nearest" });
  // Weights first: the encoder cuts a description off at " (", which the label may have.
  const weights = model.synthesized === undefined ? "" : `${model.synthesized}. `;
  await writePng(path, {
    image: sideBySide(crop, { right, gap: GAP_PIXELS }),
    description: `${weights}Patch features of ${model.label}`,
  });
  return share;
}
