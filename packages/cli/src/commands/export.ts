// `internvit export`: a checkpoint as an ONNX model that any ONNX Runtime loads.

import type { EncoderInput, EncoderOutput, JsonValue, ValueInfo } from "@internvit/model-core";
import { type ExportCheck, type ExportedModel, exportModel } from "@internvit/runtime-node";

import { openModel } from "../checkpoints/open-model.ts";
import type { CommandContext } from "../context.ts";
import { formatBytes, formatDuration } from "../terminal/quantities.ts";

/** What `export` is asked for. */
export interface ExportRequest {
  /** Checkpoint folder. */
  readonly model: string;
  /** The folder to write. */
  readonly output: string;
  readonly withProjector: boolean;
  /** A projector that is not in the checkpoint: a file or folder. */
  readonly projector: string | undefined;
  /** Hidden state that is projected; undefined is what the checkpoint says. */
  readonly selectLayer: number | undefined;
  /** Pixels per side; undefined is what the checkpoint says. */
  readonly imageSize: number | undefined;
  readonly batch: number | "dynamic";
  /** Undefined is the library's default. */
  readonly outputs: readonly EncoderOutput[] | undefined;
  readonly dtype: "float32" | "stored";
  readonly input: EncoderInput;
  /** Whether an exported model that is there already is replaced. */
  readonly force: boolean;
  /** Whether the written model is run beside the encoder. */
  readonly check: boolean;
}

/** Writes the model and returns the exit code. */
export async function exportOnnx(request: ExportRequest, context: CommandContext): Promise<number> {
  const { output, projector, selectLayer, imageSize, batch, outputs } = request;
  const { dtype, input, force, check } = request;
  const { report, signal } = context;
  const begin = performance.now();
  const { checkpoint, label } = await openModel(request.model, context);
  const exported = await exportModel(checkpoint, {
    output,
    overwrite: force,
    withProjector: request.withProjector || projector !== undefined,
    ...(projector === undefined ? {} : { projector }),
    ...(selectLayer === undefined ? {} : { selectLayer }),
    ...(imageSize === undefined ? {} : { inputSize: { height: imageSize, width: imageSize } }),
    batch,
    ...(outputs === undefined ? {} : { outputs }),
    dtype,
    inputs: [input],
    check,
    // A folder is called by its name without its path, which is nobody's business elsewhere.
    ...(label === checkpoint.path ? {} : { source: label }),
    signal,
    onProgress: (progress) => report({ event: "progress", ...progress }),
  });
  const milliseconds = performance.now() - begin;
  report({
    event: "result",
    command: "export",
    facts: { ...exportFacts(exported), model: label, dtype, milliseconds },
    text: describeExport(exported, milliseconds),
  });
  return 0;
}

function bytesOf({ files }: ExportedModel): number {
  return files.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function exportFacts(exported: ExportedModel): Readonly<Record<string, JsonValue>> {
  const { directory, files, inputs, outputs, synthesized, check } = exported;
  return {
    directory,
    bytes: bytesOf(exported),
    files: files.map(({ name, byteLength, sha256 }) => ({ name, bytes: byteLength, sha256 })),
    inputs: inputs.map(valueFacts),
    outputs: outputs.map(valueFacts),
    synthesized: synthesized ?? null,
    check:
      check === undefined
        ? null
        : {
            loadMilliseconds: check.loadMilliseconds,
            outputs: check.outputs.map(({ name, maxAbsolute, magnitude }) => ({
              name,
              maxAbsolute,
              magnitude,
            })),
          },
  };
}

function valueFacts({ name, dtype, shape }: ValueInfo): JsonValue {
  return { name, dtype, shape };
}

function describeValue(kind: "input" | "output", { name, dtype, shape }: ValueInfo): string {
  return `  ${kind} ${name} ${dtype} [${shape.join(", ")}]`;
}

function describeExport(exported: ExportedModel, milliseconds: number): string {
  const { directory, inputs, outputs, synthesized, check } = exported;
  return [
    `wrote ${directory}: ${formatBytes(bytesOf(exported))} in ${formatDuration(milliseconds)}`,
    ...inputs.map((input) => describeValue("input", input)),
    ...outputs.map((output) => describeValue("output", output)),
    check === undefined ? "not checked" : describeCheck(check),
    ...(synthesized === undefined ? [] : [`weights: ${synthesized}`]),
  ].join("\n");
}

function describeCheck({ outputs, loadMilliseconds }: ExportCheck): string {
  const differences = outputs.map(
    ({ name, maxAbsolute, magnitude }) =>
      `${name} ${maxAbsolute.toExponential(1)} (values up to ${magnitude.toPrecision(3)})`,
  );
  return `checked: loads in ${formatDuration(loadMilliseconds)}; largest differences from the encoder: ${differences.join(", ")}`;
}
