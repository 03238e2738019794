// What an exported model says about itself: in the ONNX file's own metadata, and as export.json beside it. There is
// no time in it and no path: the same checkpoint and options give the same bytes.

import {
  type Graph,
  ONNX_OPSET,
  type PixelNormalization,
  type ValueInfo,
  type VisualSettings,
} from "@internvit/model-core";

import type { LocalCheckpoint } from "../open-checkpoint.ts";
import { VERSION } from "../version.ts";
import type { ExportedFile } from "./write-hashed-file.ts";

/** A JSON object. */
type Facts = Readonly<Record<string, unknown>>;

/** What is known before the graph is written. */
export interface ProvenanceFacts {
  readonly checkpoint: LocalCheckpoint;
  /** What to call the checkpoint. */
  readonly source: string;
  /** In plain words, when weights are random numbers. */
  readonly synthesized: string | undefined;
  /** Set with visual outputs. */
  readonly visual: VisualSettings | undefined;
  /** The weight files that were read. */
  readonly sourceFiles: readonly ExportedFile[];
  readonly graph: Graph;
  readonly dtype: "float32" | "stored";
  readonly normalization: PixelNormalization;
}

/** One sentence on what the model is. */
export function describeModel({ source, synthesized }: ProvenanceFacts): string {
  const notice = synthesized === undefined ? "" : ` (${synthesized})`;
  return `InternViT vision encoder, from ${source}${notice}`;
}

/** The same facts as `exportJson` in the form of ONNX metadata: flat, structured values as JSON. */
export function onnxMetadata(
  facts: ProvenanceFacts,
  data: ExportedFile,
): Readonly<Record<string, string>> {
  const { source, sourceFiles, dtype, synthesized, visual } = facts;
  return {
    "internvit.version": VERSION,
    "internvit.checkpoint": source,
    "internvit.checkpoint_files": JSON.stringify(sourceFiles.map(fileFacts)),
    ...(synthesized === undefined ? {} : { "internvit.synthesized": synthesized }),
    "internvit.dtype": dtype,
    "internvit.normalization": JSON.stringify(normalizationFacts(facts)),
    ...(visual === undefined ? {} : { "internvit.visual": JSON.stringify(visualFacts(visual)) }),
    "internvit.data_sha256": data.sha256,
  };
}

/** The content of export.json. */
export function exportJson(facts: ProvenanceFacts, written: readonly ExportedFile[]): Facts {
  const { checkpoint, source, sourceFiles, graph, dtype, synthesized, visual } = facts;
  const { config } = checkpoint;
  return {
    format: "onnx",
    opset: ONNX_OPSET,
    description: describeModel(facts),
    ...(synthesized === undefined ? {} : { synthesized }),
    checkpoint: {
      name: source,
      layout: checkpoint.layout,
      layers: config.numHiddenLayers,
      hidden_size: config.hiddenSize,
      patch_size: config.patchSize,
      files: sourceFiles.map(fileFacts),
    },
    dtype,
    inputs: graph.inputs.map(valueFacts),
    outputs: graph.outputs.map(valueFacts),
    normalization: normalizationFacts(facts),
    ...(visual === undefined ? {} : { visual: visualFacts(visual) }),
    files: written.map(fileFacts),
    versions: { internvit: VERSION },
  };
}

function visualFacts({ selectLayer, downsampleRatio, pixelShuffleVersion }: VisualSettings): Facts {
  return {
    select_layer: selectLayer,
    downsample_ratio: downsampleRatio,
    pixel_shuffle_version: pixelShuffleVersion,
  };
}

function fileFacts({ name, byteLength, sha256 }: ExportedFile): Facts {
  return { name, bytes: byteLength, sha256 };
}

function valueFacts({ name, dtype, shape }: ValueInfo): Facts {
  return { name, dtype, shape };
}

/** `where`: whether the graph normalises its input itself, or expects it normalised. */
function normalizationFacts({ graph, normalization }: ProvenanceFacts): Facts {
  const { rescaleFactor = 1 / 255, mean, std } = normalization;
  const inGraph = graph.inputs.some(({ name }) => name === "pixels");
  return {
    where: inGraph ? "in the graph" : "before the graph",
    formula: "(pixel * rescale_factor - mean) / std, channels R, G, B",
    rescale_factor: rescaleFactor,
    mean,
    std,
  };
}
