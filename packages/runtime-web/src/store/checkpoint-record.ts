// What opens a checkpoint without its server: config.json, the heads of the weight files, in short everything that was
// read of its directory before the first weight. While the server can be reached, it is only asked whether its files are
// still the ones that were recorded; when it cannot, the record takes its place as a whole, never in part.

import { type ByteSource, type CheckpointDirectory } from "@internvit/model-core";

import { RuntimeError } from "../errors.ts";
import { openStoredFiles, STORE_PLACES } from "../worker/stored-files.ts";
import { hashText } from "./hash-text.ts";

/** The record of a directory, as JSON. */
export interface CheckpointRecord {
  readonly format: "internvit-checkpoint";
  readonly address: string;
  readonly label: string;
  /** ISO 8601. */
  readonly created: string;
  /** By name; null for what was looked for and is not there. */
  readonly files: Readonly<Record<string, RecordedFile | null>>;
}

interface RecordedFile {
  readonly byteLength: number;
  readonly version: string;
  readonly parts: readonly { readonly start: number; readonly base64: string }[];
}

/** A directory that is being recorded. */
export interface RecordedDirectory {
  readonly directory: CheckpointDirectory;
  /** Why the record took the place of the server; undefined while it did not. */
  readonly offline: string | undefined;
  /** What was read, once the checkpoint is open; undefined when there are files of unknown version. */
  finish(): CheckpointRecord | undefined;
}

/** Path of the record in the store. */
export async function recordPath(address: string): Promise<string> {
  return `checkpoints/${await hashText(address)}.json`;
}

/** The record of an address, or undefined where there is none that can be read. */
export async function readRecord(address: string): Promise<CheckpointRecord | undefined> {
  for (const place of STORE_PLACES) {
    try {
      const files = await openStoredFiles(place);
      const text = await files.text(await recordPath(address));
      const record = JSON.parse(text ?? "null") as CheckpointRecord | null;
      if (record?.format === "internvit-checkpoint" && record.address === address) return record;
    } catch {
      // No such place here, or a write that did not end: the server is asked, as at the first time.
    }
  }
  return undefined;
}

/** A directory whose reads are recorded, and answered from an earlier record where that is the same. */
export function recordDirectory(
  inner: CheckpointDirectory & { readonly address: string },
  earlier: CheckpointRecord | undefined,
): RecordedDirectory {
  const files: Record<string, RecordedFile | null> = {};
  let recording = true;
  let complete = true;
  let offline: string | undefined;

  const add = (name: string, source: ByteSource | undefined): ByteSource | undefined => {
    if (source === undefined) {
      files[name] = null;
      return undefined;
    }
    const { byteLength, version } = source;
    if (version === undefined) {
      complete = false;
      return source;
    }
    const known = earlier?.files[name];
    const same = known?.version === version && known.byteLength === byteLength;
    const parts = same ? [...known.parts] : [];
    files[name] = { byteLength, version, parts };
    return {
      byteLength,
      version,
      async read(start, end, signal) {
        const found = recording ? findPart(parts, start, end) : undefined;
        if (found !== undefined) return found;
        const bytes = await source.read(start, end, signal);
        if (recording) parts.push({ start, base64: toBase64(bytes) });
        return bytes;
      },
    };
  };
  const openRecorded = (name: string, known: RecordedFile | null): ByteSource | undefined =>
    known === null ? undefined : recordedSource(name, known, inner.address);
  const isAsRecorded = (name: string): boolean =>
    files[name]?.version === earlier?.files[name]?.version;

  return {
    directory: {
      get label() {
        return offline === undefined ? inner.label : (earlier?.label ?? inner.label);
      },
      address: inner.address,
      async open(name) {
        const known = earlier?.files[name];
        if (offline === undefined) {
          try {
            return add(name, await inner.open(name));
          } catch (error) {
            const covers = known !== undefined && Object.keys(files).every(isAsRecorded);
            if (!isUnreachable(error) || !covers) throw error;
            offline = (error as Error).message;
          }
        }
        if (known !== undefined) return openRecorded(name, known);
        throw unreachable(inner.address, `${name} is not in what was stored of it`);
      },
    },
    get offline() {
      return offline;
    },
    finish() {
      recording = false;
      if (!complete || offline !== undefined) return undefined;
      const { address, label } = inner;
      if (earlier?.label === label && JSON.stringify(earlier.files) === JSON.stringify(files)) {
        return earlier;
      }
      const created = new Date().toISOString();
      return { format: "internvit-checkpoint", address, label, created, files };
    },
  };
}

function recordedSource(
  name: string,
  { byteLength, version, parts }: RecordedFile,
  address: string,
): ByteSource {
  return {
    byteLength,
    version,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      const found = findPart(parts, start, end);
      if (found !== undefined) return found;
      throw unreachable(address, `bytes [${start}, ${end}) of ${name} were never stored`);
    },
  };
}

function unreachable(address: string, what: string): RuntimeError {
  return new RuntimeError("io", `${address} cannot be reached, and ${what}`);
}

/** Errors of `@internvit/hub` by their codes, and what `fetch` itself rejects with. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return name === "HubError" && (code === "network" || code === "offline");
}

function findPart(
  parts: RecordedFile["parts"],
  start: number,
  end: number,
): Uint8Array | undefined {
  for (const part of parts) {
    if (part.start > start) continue;
    const bytes = fromBase64(part.base64);
    if (end <= part.start + bytes.length) {
      return bytes.subarray(start - part.start, end - part.start);
    }
  }
  return undefined;
}

/** Arguments that a function takes at once in every browser. */
const PIECE = 2 ** 13;

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(text);
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
