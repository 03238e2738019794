// `internvit synthesize`: a checkpoint of seeded random weights in the published layout.

import { mkdir, readdir, rmdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import {
  type ChatConfig,
  type EncoderConfig,
  getPreset,
  parseEncoderConfig,
  presetNames,
  synthesizedNotice,
  type WeightDtype,
} from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";

import { writeCheckpoint } from "../checkpoints/write-checkpoint.ts";
import type { CommandContext } from "../context.ts";
import { CliError, writeError } from "../errors.ts";
import { formatBytes, formatDuration } from "../terminal/quantities.ts";
import { readJsonFile } from "./read-json-file.ts";

/** What `synthesize` is asked for. */
export interface SynthesizeRequest {
  /** A preset's name, or the path of a config.json. */
  readonly architecture: string;
  readonly seed: number;
  readonly dtype: WeightDtype;
  /** Whether a few norm and residual channels are 50 times larger. */
  readonly outliers: boolean;
  /** The folder to write. */
  readonly output: string;
  /** Whether a checkpoint that is there already is replaced. */
  readonly force: boolean;
}

/** Writes the checkpoint and returns the exit code. */
export async function synthesize(
  request: SynthesizeRequest,
  { report, signal }: CommandContext,
): Promise<number> {
  const { seed, dtype, outliers, output, force } = request;
  const begin = performance.now();
  const { config, chat, preset } = await readArchitecture(request.architecture, signal);
  await checkOutput(output, { force });
  const checkpoint = synthesizeCheckpoint(config, {
    seed,
    dtype,
    outliers,
    chat,
    ...(preset === undefined ? {} : { preset }),
  });
  const target = resolve(output);
  const parent = dirname(target);
  const created = await mkdir(parent, { recursive: true }).catch((cause: unknown) => {
    throw writeError(output, cause);
  });
  try {
    const mayReplace = async (): Promise<boolean> => {
      await checkOutput(output, { force });
      return true;
    };
    await writeCheckpoint(checkpoint, target, { report, signal, mayReplace });
  } catch (error) {
    if (created !== undefined) await removeEmptyFolders(parent, created);
    throw error;
  }
  const milliseconds = performance.now() - begin;
  const notice = synthesizedNotice({ seed, outliers });
  report({
    event: "result",
    command: "synthesize",
    facts: {
      directory: output,
      preset: preset ?? null,
      seed,
      dtype,
      outliers,
      bytes: checkpoint.byteLength,
      files: checkpoint.files.map(({ name, byteLength }) => ({ name, bytes: byteLength })),
      synthesized: notice,
      milliseconds,
    },
    text: [
      `wrote ${output}: ${formatBytes(checkpoint.byteLength)} in ${formatDuration(milliseconds)}`,
      `weights: ${notice}`,
    ].join("\n"),
  });
  return 0;
}

interface Architecture {
  readonly config: EncoderConfig;
  /** Set for a chat model, whose projector is written, too. */
  readonly chat: ChatConfig | undefined;
  readonly preset: string | undefined;
}

async function readArchitecture(architecture: string, signal: AbortSignal): Promise<Architecture> {
  if (presetNames.includes(architecture)) {
    const { config, chat } = getPreset(architecture);
    return { config, chat, preset: architecture };
  }
  const found = await stat(architecture).catch(() => undefined);
  if (found === undefined || !found.isFile()) {
    const what = found === undefined ? "neither a preset nor a file" : "no preset, and no file";
    throw new CliError(
      "not-found",
      `${architecture} is ${what}; expected a config.json or one of ${presetNames.join(", ")}`,
    );
  }
  const json = await readJsonFile(architecture, { what: "a config.json", signal });
  // Of a chat model's config.json the encoder, too.
  const { config } = parseEncoderConfig(json, { subject: architecture });
  return { config, chat: undefined, preset: undefined };
}

/** What a folder may hold that `--force` replaces: a slip must not remove anything else. */
const CHECKPOINT_FILE =
  /^(config|preprocessor_config)\.json$|^model.*\.safetensors(\.index\.json)?$/;

async function checkOutput(output: string, { force }: { readonly force: boolean }): Promise<void> {
  const names = await readdir(output).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    if (cause.code === "ENOTDIR") {
      throw new CliError("exists", `${output}: expected a folder to write, found a file`, {
        cause,
      });
    }
    throw writeError(output, cause);
  });
  if (names.length === 0) return;
  if (!force) {
    throw new CliError(
      "exists",
      `${output} is not empty (it has ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}); --force replaces a checkpoint`,
    );
  }
  const foreign = names.find((name) => !CHECKPOINT_FILE.test(name));
  if (foreign !== undefined) {
    throw new CliError(
      "exists",
      `${output} holds ${foreign}, which is no file of a checkpoint: --force replaces only folders of config.json, preprocessor_config.json and model*.safetensors`,
    );
  }
}

/** Removes `folder` and the folders above it up to `last`, as long as they are empty. */
async function removeEmptyFolders(folder: string, last: string): Promise<void> {
  for (let path = folder; path.length >= last.length; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return;
    }
  }
}
