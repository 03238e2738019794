// Single files out of a ZIP archive (APPNOTE.TXT 6.3.10): the central directory at the end says where each is. Only
// what NuGet packages use: stored or deflated, one disk, no encryption, no ZIP64.

import { createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";

import { CliError, writeError } from "../errors.ts";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly compressedSize: number;
  /** Bytes when unpacked. */
  readonly size: number;
  /** Of its local header. */
  readonly start: number;
}

/** An archive that is open. */
export interface ZipFile {
  readonly entries: readonly ZipEntry[];
  /** Unpacks an entry into a new file. */
  extract(
    entry: ZipEntry,
    target: { readonly path: string; readonly signal: AbortSignal },
  ): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
/** The end record has 22 bytes and a comment of at most 65535. */
const MAX_END_BYTES = 22 + 0xffff;
/** NuGet packages have hundreds of files, with names of tens of bytes. */
const MAX_DIRECTORY_BYTES = 16 * 2 ** 20;
const STORED = 0;
const DEFLATED = 8;

/**
 * Opens an archive and reads its directory.
 *
 * @throws CliError `malformed` when it is none, `io`.
 */
export async function openZip(path: string): Promise<ZipFile> {
  const file = await open(path).catch((cause: unknown) => {
    throw new CliError("io", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  });
  try {
    const entries = await readDirectory(file, path);
    return {
      entries,
      extract: (entry, target) => extract(file, { entry, source: path, ...target }),
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readDirectory(file: FileHandle, path: string): Promise<readonly ZipEntry[]> {
  const { size } = await file.stat();
  const tail = await readAt(file, { start: Math.max(0, size - MAX_END_BYTES), end: size });
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end--;
  if (end < 0) throw malformed(path, "it has no end record");
  const count = tail.readUInt16LE(end + 10);
  const bytes = tail.readUInt32LE(end + 12);
  const start = tail.readUInt32LE(end + 16);
  if (bytes > MAX_DIRECTORY_BYTES || start + bytes > size) {
    throw malformed(path, `its directory of ${bytes} bytes is not in the file`);
  }
  const directory = await readAt(file, { start, end: start + bytes });
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes || directory.readUInt32LE(at) !== ENTRY_SIGNATURE) {
      throw malformed(path, `entry ${i} of its directory is broken`);
    }
    const nameLength = directory.readUInt16LE(at + 28);
    const extras = directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    entries.push({
      name: directory.toString("utf8", at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      compressedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      start: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + extras;
  }
  return entries;
}

async function extract(
  file: FileHandle,
  target: {
    readonly entry: ZipEntry;
    readonly source: string;
    readonly path: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { entry, source, path, signal } = target;
  const { name, method, size, compressedSize } = entry;
  if (method !== STORED && method !== DEFLATED) {
    throw malformed(source, `${name} is compressed by method ${method}`);
  }
  const header = await readAt(file, { start: entry.start, end: entry.start + 30 });
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL_SIGNATURE) {
    throw malformed(source, `${name} is not where its directory says`);
  }
  const start = entry.start + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const input = file.createReadStream({
    start,
    end: start + compressedSize - 1,
    autoClose: false,
  });
  const output = createWriteStream(path, { flush: true });
  try {
    if (method === STORED) await pipeline(input, output, { signal });
    else await pipeline(input, createInflateRaw(), output, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const { code = "" } = cause as NodeJS.ErrnoException;
    throw code.startsWith("Z_")
      ? malformed(source, `${name} cannot be unpacked`)
      : writeError(path, cause);
  }
  if (output.bytesWritten !== size) {
    throw malformed(source, `${name} has ${output.bytesWritten} bytes, not ${size}`);
  }
}

async function readAt(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, start + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

function malformed(path: string, what: string): CliError {
  return new CliError("malformed", `${path} is not a package that can be read: ${what}`);
}
