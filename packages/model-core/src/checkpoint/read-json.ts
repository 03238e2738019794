// Small JSON files of a checkpoint.

import type { ByteSource } from "../byte-source.ts";
import { ModelError } from "../errors.ts";
import { scanJson } from "../json-structure.ts";
import type { CheckpointDirectory } from "./directory.ts";

/** Published files have below 10 KB; the config of a chat model may list token and label names. */
const MAX_CONFIG_BYTES = 2 ** 20;

/** Configs nest about five deep. Every level of a parsed text takes 50 bytes and more. */
const MAX_DEPTH = 100;

/** Options of `readJson`. */
export interface ReadJsonOptions {
  /** The file, for messages. */
  readonly subject: string;
  /** Larger files are refused unread. */
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A file's JSON.
 *
 * @throws ModelError `malformed` when it is too large, not UTF-8 or not JSON.
 */
export async function readJson(source: ByteSource, options: ReadJsonOptions): Promise<unknown> {
  const { subject, maxBytes, signal } = options;
  if (source.byteLength > maxBytes) {
    throw new ModelError(
      "malformed",
      `${subject}: expected at most ${maxBytes} bytes of JSON, found ${source.byteLength}`,
      { subject },
    );
  }
  const bytes = await source.read(0, source.byteLength, signal);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (scanJson(text).depth > MAX_DEPTH) {
      throw new Error(`objects or arrays more than ${MAX_DEPTH} deep`);
    }
    return JSON.parse(text);
  } catch (cause) {
    const found = source.byteLength === 0 ? "an empty file" : describeCause(cause);
    throw new ModelError("malformed", `${subject}: expected JSON in UTF-8, found ${found}`, {
      subject,
      cause,
    });
  }
}

/** A config file of a directory, or undefined when there is none; throws as `readJson`. */
export async function readConfigFile(
  directory: CheckpointDirectory,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal | undefined },
): Promise<unknown> {
  const source = await directory.open(name);
  if (source === undefined) return undefined;
  const subject = `${directory.label}/${name}`;
  return readJson(source, { subject, maxBytes: MAX_CONFIG_BYTES, signal });
}

function describeCause(cause: unknown): string {
  // The engine's message quotes the place; its first line is enough.
  return cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "something else";
}
