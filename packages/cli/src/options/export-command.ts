// The options of `internvit export`.

import type { EncoderOutput } from "@internvit/model-core";
import type { Command } from "commander";
import { z } from "zod";

import { exportOnnx } from "../commands/export.ts";
import type { RunCommand } from "./commands.ts";
import {
  flag,
  maybe,
  oneOf,
  optionalText,
  parseOptions,
  signedNumber,
  text,
  wholeNumber,
  wholeNumberOr,
} from "./parse-options.ts";

const OUTPUT_NAME =
  /^(last_hidden_state|pooler_output|patch_mean|unshuffled|visual_tokens|hidden_states\.(0|[1-9]\d{0,3}))$/;

const exportedOutputs: z.ZodType<readonly EncoderOutput[]> = z
  .string()
  .transform((value) => value.split(",").map((name) => name.trim()))
  .refine((names) => names.every((name) => OUTPUT_NAME.test(name)), {
    error:
      "expected last_hidden_state, pooler_output, patch_mean, visual_tokens, unshuffled or hidden_states.N with commas between them",
  })
  .refine((names) => new Set(names).size === names.length, { error: "expected each output once" })
  .transform((names) => names as EncoderOutput[]);

const DTYPES = { f32: "float32", stored: "stored" } as const;

const schema = z.object({
  output: text,
  withProjector: flag,
  projector: optionalText,
  selectLayer: maybe(signedNumber),
  imageSize: maybe(wholeNumber({ minimum: 1, maximum: 16_384 })),
  batch: wholeNumberOr("dynamic", { minimum: 1, maximum: 9999 }),
  outputs: maybe(exportedOutputs),
  dtype: oneOf(["f32", "stored"]),
  input: oneOf(["pixel_values", "pixels"]),
  force: flag,
  check: z.boolean(),
});

/** `internvit export` */
export function addExport(program: Command, run: RunCommand): void {
  program
    .command("export")
    .description("write a checkpoint as an ONNX model: model.onnx, model.onnx.data, export.json")
    .argument("<model>", "checkpoint folder or Hugging Face id")
    .requiredOption("--output <dir>", "folder to write")
    .option("--with-projector", "add the projector and the output visual_tokens")
    .option("--projector <path>", "a projector that is not in the checkpoint: file or folder")
    .option("--select-layer <n>", "hidden state to project, from the end below 0")
    .option("--image-size <pixels>", "side of the pictures; the model takes no other")
    .option("--batch <n|dynamic>", "pictures in every run", "dynamic")
    .option(
      "--outputs <names>",
      "with commas: last_hidden_state, pooler_output (default: both), patch_mean, hidden_states.N, unshuffled, visual_tokens",
    )
    .option("--dtype <type>", "f32, or stored: 16-bit weights as they are, with casts", "f32")
    .option(
      "--input <name>",
      "pixel_values (float32, normalised) or pixels (uint8, normalised inside)",
      "pixel_values",
    )
    .option("--force", "replace an exported model that is there already")
    .option("--no-check", "do not run the written model beside the encoder")
    .action((model: string, raw: Readonly<Record<string, unknown>>) => {
      const options = parseOptions(schema, raw);
      const dtype = DTYPES[options.dtype];
      return run((context) => exportOnnx({ ...options, model, dtype }, context));
    });
}
