// A checkpoint as a self-contained ONNX model for any ONNX Runtime: the plain graph in standard operators, and one
// file of weights beside it. Streamed tensor by tensor, so memory stays flat for a model of any size; checked in a
// session of its own before the folder gets its name.

import { basename, join, resolve } from "node:path";

import { encodeGraphModel, synthesizedNotice, type ValueInfo } from "@internvit/model-core";

import { fileSource } from "../file-source.ts";
import { type LocalCheckpoint, openCheckpoint } from "../open-checkpoint.ts";
import { VERSION } from "../version.ts";
import type { VisualOptions } from "../visual-outputs.ts";
import { checkExport, checkMemory, type ExportCheck } from "./check-export.ts";
import { foldWeights } from "./fold-weights.ts";
import { checkOutputFolder, createOutputFolder } from "./output-folder.ts";
import { planDataFile } from "./plan-data-file.ts";
import { type ExportGraphOptions, planGraph } from "./plan-graph.ts";
import { describeModel, exportJson, onnxMetadata, type ProvenanceFacts } from "./provenance.ts";
import { hashSources, openSources, totalBytes } from "./source-files.ts";
import { dataFilePieces } from "./weight-pieces.ts";
import { type ExportedFile, writeHashedFile } from "./write-hashed-file.ts";

const GRAPH_FILE = "model.onnx";
const DATA_FILE = "model.onnx.data";
const PROVENANCE_FILE = "export.json";
const COPIED_FILES = ["config.json", "preprocessor_config.json"] as const;

/** Everything that an export may consist of. */
const EXPORT_FILES: readonly string[] = [GRAPH_FILE, DATA_FILE, PROVENANCE_FILE, ...COPIED_FILES];

/** Room for the small files. */
const SMALL_FILES_BYTES = 4 * 2 ** 20;

/** How far an export has come. */
export interface ExportProgress {
  /** `hash`: the checkpoint's weight files; `write`: the new weights; `check`: the check session. */
  readonly stage: "hash" | "write" | "check";
  readonly done: number;
  readonly total: number;
  readonly unit: "bytes" | "images";
}

/** Options of `exportModel`. */
export interface ExportOptions extends ExportGraphOptions {
  /** The folder to write; one that is not empty is refused. */
  readonly output: string;
  /** Replaces an exported model in that folder; a folder with any other file is refused all the same. */
  readonly overwrite?: boolean;
  /** `"float32"` (the default) widens 16-bit weights exactly; `"stored"` keeps them, with a `Cast` each. */
  readonly dtype?: "float32" | "stored";
  /**
   * Runs the written model and the encoder one after the other before the folder gets its name. Default true. That
   * takes about one and a half times the float32 weights in memory; writing takes below 300 MB for any model.
   */
  readonly check?: boolean;
  /** What the model's metadata call the checkpoint. Default: the name of its folder, without its path. */
  readonly source?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ExportProgress) => void;
}

/** What was written. */
export interface ExportedModel {
  readonly directory: string;
  readonly files: readonly ExportedFile[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** In plain words, when weights are random numbers. */
  readonly synthesized: string | undefined;
  /** Undefined when the check was turned off. */
  readonly check: ExportCheck | undefined;
}

/**
 * Writes a checkpoint's encoder as an ONNX model: `model.onnx`, `model.onnx.data`, the checkpoint's config files and
 * `export.json` with where it comes from. The folder appears when all is written and checked, or not at all.
 *
 * @throws ModelError for a checkpoint or option that does not fit; RuntimeError `exists`, `no-space`, `io` or
 * `check-failed`; the signal's reason. Nothing is left behind.
 */
export async function exportModel(
  checkpoint: string | LocalCheckpoint,
  options: ExportOptions,
): Promise<ExportedModel> {
  const {
    output,
    overwrite = false,
    dtype = "float32",
    check = true,
    signal,
    onProgress,
  } = options;
  const cancel = signal === undefined ? {} : { signal };
  await checkOutputFolder(output, { overwrite, ownFiles: EXPORT_FILES });
  const opened =
    typeof checkpoint === "string" ? await openCheckpoint(checkpoint, cancel) : checkpoint;
  const planned = await planGraph(opened, options);
  const { graph, outputs, normalization, visual } = planned;
  const synthesized =
    planned.synthesized === undefined ? undefined : synthesizedNotice(planned.synthesized);
  const plan = planDataFile(foldWeights(graph, { dtype }), DATA_FILE);
  if (check) checkMemory(plan);
  await using folder = await createOutputFolder(output, {
    overwrite,
    ownFiles: EXPORT_FILES,
    byteLength: plan.byteLength + SMALL_FILES_BYTES,
  });

  const sources = await openSources(opened, graph);
  const facts: ProvenanceFacts = {
    checkpoint: opened,
    source: options.source ?? basename(resolve(opened.path)),
    synthesized,
    visual,
    sourceFiles: await hashSources(sources, {
      signal,
      onBytes: counter("hash", totalBytes(sources), onProgress),
    }),
    graph: plan.model.graph,
    dtype,
    normalization,
  };
  const write = (
    name: string,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    onBytes?: (count: number) => void,
  ): Promise<ExportedFile> =>
    writeHashedFile(join(folder.path, name), pieces, {
      name,
      target: join(output, name),
      signal,
      ...(onBytes === undefined ? {} : { onBytes }),
    });
  const data = await write(
    DATA_FILE,
    dataFilePieces(plan, sources, { signal }),
    counter("write", plan.byteLength, onProgress),
  );
  const bytes = encodeGraphModel(plan.model, {
    producerVersion: VERSION,
    description: describeModel(facts),
    metadata: onnxMetadata(facts, data),
  });
  const files = [await write(GRAPH_FILE, [bytes]), data];
  for (const name of COPIED_FILES) {
    const source = await fileSource(join(opened.path, name));
    if (source !== undefined) {
      files.push(await write(name, [await source.read(0, source.byteLength, signal)]));
    }
  }
  const json = `${JSON.stringify(exportJson(facts, files), undefined, 2)}\n`;
  files.push(await write(PROVENANCE_FILE, [new TextEncoder().encode(json)]));

  let seen: ExportCheck | undefined;
  if (check) {
    const checked = counter("check", 1, onProgress);
    checked(0);
    const { model } = plan;
    const subject = { checkpoint: opened, model, file: GRAPH_FILE, outputs, normalization };
    seen = await checkExport(folder.path, { ...subject, visual: visualOptions(options), signal });
    checked(1);
  }
  signal?.throwIfAborted();
  await folder.commit();
  return {
    directory: output,
    files,
    inputs: plan.model.graph.inputs,
    outputs: plan.model.graph.outputs,
    synthesized,
    check: seen,
  };
}

/** The options that the encoder of the check needs too. */
function visualOptions({
  projector,
  selectLayer,
  pixelShuffleVersion,
}: VisualOptions): VisualOptions {
  return {
    ...(projector === undefined ? {} : { projector }),
    ...(selectLayer === undefined ? {} : { selectLayer }),
    ...(pixelShuffleVersion === undefined ? {} : { pixelShuffleVersion }),
  };
}

/** Adds up what is done of a stage and reports it. */
function counter(
  stage: ExportProgress["stage"],
  total: number,
  onProgress: ((progress: ExportProgress) => void) | undefined,
): (count: number) => void {
  const unit = stage === "check" ? "images" : "bytes";
  let done = 0;
  return (count) => {
    done += count;
    onProgress?.({ stage, done, total, unit });
  };
}
