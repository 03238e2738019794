// `internvit tokens`: what a multimodal language model is fed for pictures or a video: visual tokens in a file, and
// the prompt that they belong into.

import {
  chatPrompt,
  type EncoderDtype,
  type EncoderInfo,
  expandImagePlaceholders,
  imagePlaceholder,
  type JsonValue,
  visualPrompt,
} from "@internvit/model-core";
import { configureSharp } from "@internvit/preprocess/sharp";
import { selectExecutionProvider } from "@internvit/runtime-node";

import { openEncoder } from "../checkpoints/open-encoder.ts";
import { type Model, openModel } from "../checkpoints/open-model.ts";
import { weightsOptions } from "../checkpoints/weights-options.ts";
import type { CommandContext } from "../context.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import type { DecodeLimits } from "../pictures/prepare-pictures.ts";
import type { VisualInput } from "../pictures/visual-input.ts";
import { checkResultFile, createResultFile } from "../results/formats.ts";
import type { Provenance } from "../results/result-file.ts";
import { formatDuration, formatMany } from "../terminal/quantities.ts";
import { reportEncoder } from "./encoder-notices.ts";
import { encoderFacts, versionFacts } from "./provenance.ts";
import { encodeTokens } from "./tokens-encode.ts";
import { openVisualInput, planVisualTokens } from "./tokens-input.ts";

/** What `tokens` is asked for. */
export interface TokensRequest extends DecodeLimits {
  readonly images: readonly string[];
  /** A video file, an animated GIF or a folder of frames in place of images. */
  readonly video: string | undefined;
  /** `file:key` in place of images. */
  readonly pixelValues: string | undefined;
  readonly tilesPerImage: readonly number[] | undefined;
  /** Checkpoint folder or hub name. */
  readonly model: string;
  /** A projector saved alone. */
  readonly projector: string | undefined;
  /** The file to write. */
  readonly output: string;
  /** Side of a tile in pixels; undefined is what the checkpoint says, as for the three that follow. */
  readonly imageSize: number | undefined;
  readonly minTiles: number | undefined;
  readonly maxTiles: number | undefined;
  readonly selectLayer: number | undefined;
  /** False only when it was said so. */
  readonly thumbnail: boolean;
  readonly tileBudget: "shared" | "per-image";
  /** Frames of a video. */
  readonly frames: number;
  /** Seconds of a video. */
  readonly clip: { readonly start: number; readonly end: number } | undefined;
  readonly decoder: "auto" | "mediabunny" | "ffmpeg";
  readonly question: string | undefined;
  /** With it the prompt is a whole conversation in ChatML. */
  readonly system: string | undefined;
  readonly labels: "hyphen" | "plain";
  readonly threads: number;
  readonly executionProvider: ProviderChoice;
  readonly dtype: EncoderDtype;
}

/** Longer prompts stay out of the file's metadata: 4 MB are 1,200 tiles, far beyond any context window. */
const MAX_STORED_PROMPT = 4 * 2 ** 20;

/** Writes the visual tokens and returns the exit code. */
export async function tokens(request: TokensRequest, context: CommandContext): Promise<number> {
  const { output, projector, selectLayer, threads } = request;
  const { report, signal } = context;
  await checkResultFile(output, ["visual_tokens"]);
  configureSharp();
  // Before a model is fetched for nothing.
  const executionProvider = await selectExecutionProvider(request.executionProvider, { signal });
  const model = await openModel(request.model, {
    ...context,
    parts: "encoder-and-projector",
  });
  const settings = planVisualTokens(model, request);
  await using input = await openVisualInput(request, { settings, signal });
  const prompts = writePrompts(input, request);
  await using encoder = await openEncoder(model.checkpoint, {
    ...weightsOptions(request.dtype, context),
    outputs: ["visual_tokens"],
    inputSize: { height: input.tileSize, width: input.tileSize },
    normalization: input.normalization,
    ...(projector === undefined ? {} : { projector }),
    ...(selectLayer === undefined ? {} : { selectLayer }),
    executionProvider,
    threads,
    signal,
  });
  reportEncoder(encoder.info, report);
  await using result = createResultFile(output, { synthesized: model.synthesized, signal });
  const encoded = await encodeTokens(input, { encoder, result, report, signal });
  const pictures = pictureFacts(input);
  const facts = { ...tokenFacts(input, { model, info: encoder.info }), pictures };
  const stored = prompts.prompt.length <= MAX_STORED_PROMPT;
  if (!stored) {
    report({
      event: "notice",
      message: `the prompt has ${prompts.prompt.length} characters and is left out of the file; --json prints it`,
    });
  }
  const written = await result.finish({ ...facts, ...(stored ? { prompt: prompts.prompt } : {}) });
  report({
    event: "result",
    command: "tokens",
    facts: {
      ...facts,
      pictures: pictures.map((picture, index) => ({
        ...picture,
        prompt: prompts.pictures[index] as string,
      })),
      prompt: prompts.prompt,
      files: written,
      outputs: { visual_tokens: encoded.shape },
      milliseconds: encoded.milliseconds,
      loadMilliseconds: encoder.info.loadMilliseconds,
    },
    text: describeTokens(input, {
      model,
      info: encoder.info,
      written,
      shape: encoded.shape,
      milliseconds: encoded.milliseconds,
      prompt: prompts.prompt,
    }),
  });
  return 0;
}

/** The prompt of all pictures, and what stands for each in it. */
function writePrompts(
  { plan }: VisualInput,
  { question, labels, system }: TokensRequest,
): { readonly prompt: string; readonly pictures: readonly string[] } {
  const user = visualPrompt(plan, {
    labelStyle: labels,
    ...(question === undefined ? {} : { question }),
  });
  const prompt =
    system === undefined
      ? expandImagePlaceholders(user, plan)
      : chatPrompt([{ role: "user", text: user }], { system, plan }).text;
  const pictures = plan.pictures.map(({ tokens: { start, end } }) => imagePlaceholder(end - start));
  return { prompt, pictures };
}

/** Grid, tiles and tokens of each picture; spans are positions [start, end) among all of them. */
function pictureFacts(input: VisualInput): readonly { readonly [key: string]: JsonValue }[] {
  let firstTile = 0;
  return input.pictures.map(({ label, tiles, facts }, index) => {
    const { start, end } = (input.plan.pictures[index] as VisualInput["plan"]["pictures"][number])
      .tokens;
    const span = [firstTile, (firstTile += tiles)];
    return { file: label, ...facts, tiles: span, tokens: [start, end] };
  });
}

function tokenFacts(
  input: VisualInput,
  { model, info }: { readonly model: Model; readonly info: EncoderInfo },
): Provenance {
  return {
    kind: input.plan.kind,
    ...input.facts,
    normalization: { mean: input.normalization.mean, std: input.normalization.std },
    ...encoderFacts(model, info),
    ...visualFacts(info),
    ...versionFacts(info),
  };
}

/** From which hidden state, how, and by whose projector the tokens were made. */
function visualFacts({ visual }: EncoderInfo): Provenance {
  if (visual === undefined) return {};
  return {
    select_layer: visual.selectLayer,
    downsample_ratio: visual.downsampleRatio,
    ps_version: visual.pixelShuffleVersion,
    tokens_per_tile: visual.tokensPerTile,
    projector: visual.projector ?? null,
  };
}

function describeTokens(
  input: VisualInput,
  options: {
    readonly model: Model;
    readonly info: EncoderInfo;
    readonly written: readonly string[];
    readonly shape: readonly number[];
    readonly milliseconds: number;
    readonly prompt: string;
  },
): string {
  const { model, info, written, shape, milliseconds, prompt } = options;
  const perTile = formatDuration(milliseconds / input.tileCount);
  const lines = pictureFacts(input).map((facts, index) => {
    const { width, height, grid } = facts as {
      readonly width?: number;
      readonly height?: number;
      readonly grid?: { readonly columns: number; readonly rows: number };
    };
    const { label, tiles } = input.pictures[index] as VisualInput["pictures"][number];
    const size = width === undefined ? "" : ` ${width}x${height},`;
    const cut = grid === undefined ? "" : ` ${grid.columns}×${grid.rows},`;
    const [start = 0, end = 0] = facts["tokens"] as readonly number[];
    return `  ${label}:${size}${cut} ${formatMany(tiles, "tile")}, tokens ${start} to ${end - 1}`;
  });
  return [
    `encoded ${formatMany(input.tileCount, "tile")} with ${model.label} on ${info.executionProvider} (${info.device}), ${perTile} per tile`,
    ...(model.synthesized === undefined ? [] : [`weights: ${model.synthesized}`]),
    `wrote ${written.join(" and ")}`,
    `  visual_tokens float32 [${shape.join(", ")}]`,
    ...lines,
    "prompt:",
    ...abbreviate(prompt)
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
  ].join("\n");
}

/** For people: runs of `<IMG_CONTEXT>` as one with its count. */
function abbreviate(prompt: string): string {
  return prompt.replaceAll(
    /(?:<IMG_CONTEXT>){2,}/g,
    (run) => `<IMG_CONTEXT>×${run.length / "<IMG_CONTEXT>".length}`,
  );
}
