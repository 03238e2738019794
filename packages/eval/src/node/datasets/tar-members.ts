// The members of a tar archive: what is where. Only headers are read, through a small window, so a shard of a
// gigabyte costs as many reads as it has members.
//
// Reference: POSIX.1-2017 `pax`, "ustar Interchange Format" and "pax Header Block"; GNU tar's long names (type L) and
// base-256 numbers. Sparse files are refused; links, folders and devices are passed over.

import { EvalError } from "../../errors.ts";
import type { OpenFile } from "./open-files.ts";

/** A file in an archive. */
export interface TarMember {
  readonly name: string;
  /** Where its bytes begin. */
  readonly offset: number;
  readonly byteLength: number;
  /** The bytes of a small member; they often lie in the window already. */
  read(): Promise<Uint8Array>;
}

const BLOCK = 512;
/** Holds the end of one picture's sample and the beginning of the next: label, description and headers. */
const WINDOW = 8192;
/** A name or an extended header beyond it is no header. */
const MAX_HEADER = 1 << 20;

/**
 * The files in an archive, in its order.
 *
 * @throws EvalError `invalid-data` for an archive that is cut off or none, `unsupported` for sparse members, `io`
 */
export async function* tarMembers(
  file: OpenFile,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<TarMember> {
  const { path, byteLength } = file;
  const bytesAt = createWindow(file);
  const refuse = (found: string): never => {
    throw new EvalError("invalid-data", `${path}: expected a tar archive, found ${found}`, {
      subject: path,
    });
  };
  let named: { path?: string; size?: number } = {};
  for (let position = 0; ;) {
    options.signal?.throwIfAborted();
    if (position + BLOCK > byteLength) {
      refuse(
        position === 0
          ? `${byteLength} bytes`
          : `its end at byte ${byteLength} without the empty block that ends an archive: it was cut off`,
      );
    }
    const header = await bytesAt(position, BLOCK);
    if (header.every((byte) => byte === 0)) return;
    checkHeader(header, () => refuse(`no header at byte ${position}`));
    const type = String.fromCharCode(header[156]!);
    const size = named.size ?? readNumber(header.subarray(124, 136));
    const offset = position + BLOCK;
    const name = named.path ?? readName(header);
    if (!Number.isSafeInteger(size) || offset + size > byteLength) {
      refuse(
        `"${name}" of ${size} bytes at byte ${offset}, but the file ends at ${byteLength}: it was cut off`,
      );
    }
    position = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (type === "L" || type === "x") {
      if (size > MAX_HEADER) refuse(`a header of ${size} bytes at byte ${offset}`);
      const bytes = await bytesAt(offset, size);
      if (type === "x") named = { ...named, ...readPax(bytes) };
      else named = { ...named, path: readText(bytes) };
      continue;
    }
    // A global header says nothing about names or sizes that matters here.
    if (type === "g" || type === "K") continue;
    named = {};
    if (type === "S") {
      throw new EvalError("unsupported", `${path}: "${name}" is stored as a sparse file`, {
        subject: path,
      });
    }
    if (type === "0" || type === "\0" || type === "7") {
      yield { name, offset, byteLength: size, read: () => bytesAt(offset, size) };
    }
  }
}

/** Reads of a few bytes, mostly forwards: of a window that moves along. */
function createWindow(file: OpenFile): (start: number, length: number) => Promise<Uint8Array> {
  let window: Uint8Array = new Uint8Array();
  let begin = 0;
  return async (start, length) => {
    if (start < begin || start + length > begin + window.length) {
      const end = Math.min(start + Math.max(length, WINDOW), file.byteLength);
      window = await file.read({ start, end });
      begin = start;
    }
    return window.subarray(start - begin, start - begin + length);
  };
}

/** The sum of all bytes, those of the sum itself taken for spaces. */
function checkHeader(header: Uint8Array, refuse: () => never): void {
  const expected = readNumber(header.subarray(148, 156));
  let sum = 0;
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 32 : byte;
  if (sum !== expected) refuse();
}

/** Octal digits, or where the first bit is set, a big-endian number. */
function readNumber(bytes: Uint8Array): number {
  if ((bytes[0]! & 0x80) === 0) return Number.parseInt(readText(bytes).trim() || "0", 8);
  let value = bytes[0]! & 0x7f;
  for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  return value;
}

function readName(header: Uint8Array): string {
  const name = readText(header.subarray(0, 100));
  const isUstar = readText(header.subarray(257, 262)) === "ustar" && header[262] === 0;
  const prefix = isUstar ? readText(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Records of `length key=value` and a line feed; the length counts bytes, itself among them. */
function readPax(bytes: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let start = 0; start < bytes.length;) {
    const space = bytes.indexOf(32, start);
    const length = Number.parseInt(readText(bytes.subarray(start, space)), 10);
    if (space < 0 || !(length > 0)) break;
    const record = new TextDecoder().decode(bytes.subarray(space + 1, start + length - 1));
    const equals = record.indexOf("=");
    const value = record.slice(equals + 1);
    if (record.startsWith("path=")) found.path = value;
    if (record.startsWith("size=")) found.size = Number(value);
    start += length;
  }
  return found;
}
