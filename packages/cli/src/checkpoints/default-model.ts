// The model that is used when none is named. No trained weights can be bundled, so it is a preset of seeded random
// weights, written into the cache folder on first use and used from there afterwards.

import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { type EncoderConfig, getPreset } from "@internvit/model-core";
import {
  type SynthesizedCheckpoint,
  type SynthesizedFile,
  synthesizeCheckpoint,
} from "@internvit/model-core/synthesize";

import { writeError } from "../errors.ts";
import type { Report } from "../events.ts";
import { formatBytes } from "../terminal/quantities.ts";
import { writeCheckpoint } from "./write-checkpoint.ts";

/** Which architecture the default model has, and what it is called. */
export interface DefaultModel {
  readonly name: string;
  readonly config: EncoderConfig;
}

const SEED = 0;

/** A temporary folder that nothing was written to for so long belongs to a process that is gone. */
const ABANDONED_MILLISECONDS = 10 * 60 * 1000;

/** Bytes at the start of a file that are compared: the safetensors header and the first weights. */
const COMPARED_CHUNKS = 2;

/** The embedded default model. */
export function embeddedModel(): DefaultModel {
  return getPreset("InternViT-300M-448px-V2_5");
}

/** The default model's folder; it need not be there. */
export function defaultModelFolder(cache: string, { name }: DefaultModel): string {
  return join(cache, "models", `${name}-seed${SEED}-bf16`);
}

/**
 * The default model's folder, written now when it is not there or damaged. Several processes may do so at once.
 *
 * @throws CliError `no-space` or `io`; the signal's reason.
 */
export async function ensureDefaultModel(
  model: DefaultModel,
  options: { readonly cache: string; readonly report: Report; readonly signal: AbortSignal },
): Promise<string> {
  const { cache, report, signal } = options;
  const folder = defaultModelFolder(cache, model);
  const { name, config } = model;
  const checkpoint = synthesizeCheckpoint(config, { seed: SEED, dtype: "bfloat16", preset: name });
  if (await isIntact(folder, checkpoint)) return folder;
  const size = formatBytes(checkpoint.byteLength);
  report({
    event: "notice",
    message: `writing the default model ${name} (${size} of seeded random weights) to ${folder}; this is done once`,
  });
  await mkdir(dirname(folder), { recursive: true }).catch((cause: unknown) => {
    throw writeError(folder, cause);
  });
  await removeAbandoned(folder);
  const mayReplace = async (): Promise<boolean> => !(await isIntact(folder, checkpoint));
  await writeCheckpoint(checkpoint, folder, { report, signal, mayReplace });
  return folder;
}

/** Whether every file is there in its full length and starts as it must. */
async function isIntact(folder: string, { files }: SynthesizedCheckpoint): Promise<boolean> {
  for (const file of files) {
    if (!(await startsAs(join(folder, file.name), file))) return false;
  }
  return true;
}

/** False for everything that cannot be read, too: another process may be replacing it. */
async function startsAs(path: string, file: SynthesizedFile): Promise<boolean> {
  try {
    await using handle = await open(path);
    const { size } = await handle.stat();
    if (size !== file.byteLength) return false;
    let compared = 0;
    for (const expected of file.chunks) {
      const bytes = new Uint8Array(expected.byteLength);
      await handle.read(bytes);
      if (Buffer.compare(bytes, expected) !== 0) return false;
      if (++compared === COMPARED_CHUNKS) break;
    }
    return true;
  } catch {
    return false;
  }
}

/** Removes what processes that were killed while writing left beside the folder. */
async function removeAbandoned(folder: string): Promise<void> {
  const parent = dirname(folder);
  const prefix = `.${basename(folder)}.`;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || !name.endsWith(".part")) continue;
    const path = join(parent, name);
    const lastWrite = await newestChange(path);
    if (Date.now() - lastWrite > ABANDONED_MILLISECONDS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function newestChange(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const paths = [folder, ...names.map((name) => join(folder, name))];
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}
