// Parts of a file by HTTP range requests (RFC 9110, section 14). Every answer is checked to be about exactly the
// bytes that were asked for, of a file of the size that the hub lists, with the ETag that earlier answers had: bytes
// of two versions of a file never end up in one.

import { fileUrl, type HubConnection } from "./connection.ts";
import { HubError } from "./errors.ts";
import { openResponse, type OpenResponse } from "./open-response.ts";
import { noRangesError } from "./status-error.ts";

/** A file at a commit. */
export interface RemoteFile {
  readonly repository: string;
  readonly commit: string;
  readonly name: string;
  /** In bytes, as the hub lists it. */
  readonly size: number;
  /** Where it is when that is not the hub; then the names before are for messages only. */
  readonly url?: string;
  /** The ETag that it had when it was found. */
  readonly etag?: string | undefined;
  /** `ByteSource.version`. */
  readonly version?: string | undefined;
}

/** Options of `openRange` and `openWhole`. */
export interface OpenRangeOptions {
  readonly connection: HubConnection;
  readonly signal: AbortSignal | undefined;
  /** The ETag of earlier answers about this file, or undefined before the first. */
  readonly etag: string | undefined;
}

/** Bytes of a file on their way. */
export interface RangeAnswer {
  readonly etag: string | undefined;
  /** Exactly the bytes that were asked for, or an error. */
  readonly blocks: AsyncGenerator<Uint8Array, void, void>;
  close(): void;
}

/** What to call a file in messages. */
export function fileSubject({ repository, commit, name, url }: RemoteFile): string {
  if (url !== undefined) return url;
  return `${repository}@${commit.slice(0, 8)}: ${name}`;
}

/**
 * Asks for the bytes `[start, end)` of a file.
 *
 * @param options `conditional` adds `If-Range`, so that a server that keeps to it never sends bytes of another
 *   version. A browser asks the server's permission for that header first, and not every server gives it.
 * @throws HubError `changed` when the file is another one than before; `unsupported` when the server does not send
 *   ranges; `malformed` when it sends another range; and as `openResponse`.
 */
export async function openRange(
  file: RemoteFile,
  options: OpenRangeOptions & {
    readonly start: number;
    readonly end: number;
    readonly conditional: boolean;
  },
): Promise<RangeAnswer> {
  const { start, end, etag, conditional } = options;
  const isStrong = etag !== undefined && !etag.startsWith("W/");
  const answer = await open(file, {
    ...options,
    accept: [200, 206],
    headers: {
      range: `bytes=${start}-${end - 1}`,
      ...(conditional && isStrong ? { "if-range": etag } : {}),
    },
  });
  try {
    checkEtag(answer, { file, etag });
    if (answer.status === 206) checkContentRange(answer, { file, start, end });
    else if (start === 0 && end === file.size) checkContentLength(answer, file);
    else {
      checkContentLength(answer, file);
      throw noRangesError(answer, fileSubject(file));
    }
  } catch (error) {
    answer.close();
    throw error;
  }
  return toRangeAnswer(answer, { file, byteLength: end - start });
}

/** Asks for a whole file from its start, of a server that does not send ranges. Throws as `openRange`. */
export async function openWhole(file: RemoteFile, options: OpenRangeOptions): Promise<RangeAnswer> {
  const answer = await open(file, { ...options, accept: [200], headers: {} });
  try {
    checkEtag(answer, { file, etag: options.etag });
    checkContentLength(answer, file);
  } catch (error) {
    answer.close();
    throw error;
  }
  return toRangeAnswer(answer, { file, byteLength: file.size });
}

function open(
  file: RemoteFile,
  options: OpenRangeOptions & {
    readonly accept: readonly number[];
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<OpenResponse> {
  const { connection, signal, accept, headers } = options;
  return openResponse(file.url ?? fileUrl(connection.endpoint, file), {
    connection,
    signal,
    accept,
    subject: fileSubject(file),
    repository: file.repository,
    // Compressed bytes would be others than those that sizes and ranges count.
    headers: { ...headers, "accept-encoding": "identity" },
  });
}

function toRangeAnswer(
  answer: OpenResponse,
  { file, byteLength }: { readonly file: RemoteFile; readonly byteLength: number },
): RangeAnswer {
  return {
    etag: answer.headers.get("etag") ?? undefined,
    blocks: exactly(answer.blocks, { file, byteLength }),
    close: () => answer.close(),
  };
}

async function* exactly(
  blocks: AsyncIterable<Uint8Array>,
  { file, byteLength }: { readonly file: RemoteFile; readonly byteLength: number },
): AsyncGenerator<Uint8Array, void, void> {
  let left = byteLength;
  for await (const block of blocks) {
    if (block.byteLength > left) {
      const text = `${fileSubject(file)}: the server sent more than the ${byteLength} bytes that were asked for`;
      throw new HubError("malformed", text);
    }
    left -= block.byteLength;
    yield block;
  }
  if (left > 0) {
    const text = `${fileSubject(file)}: the answer ended ${left} bytes before the ${byteLength} that were asked for`;
    throw new HubError("network", text, { transient: true });
  }
}

function checkEtag(
  answer: OpenResponse,
  { file, etag }: { readonly file: RemoteFile; readonly etag: string | undefined },
): void {
  const found = answer.headers.get("etag");
  if (etag === undefined || found === null || opaque(found) === opaque(etag)) return;
  const text = `${fileSubject(file)}: the file changed while it was read: its ETag was ${etag} and is ${found}`;
  throw new HubError("changed", text, { status: answer.status });
}

/** Proxies that compress make an ETag weak; it still tells versions apart. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, "");
}

function checkContentRange(
  answer: OpenResponse,
  expected: { readonly file: RemoteFile; readonly start: number; readonly end: number },
): void {
  const { file, start, end } = expected;
  const found = answer.headers.get("content-range");
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(found ?? "") ?? [];
  if (total !== undefined && Number(total) !== file.size) throw sizeError(file, total);
  if (Number(first) === start && Number(last) === end - 1 && total !== undefined) return;
  const text = `${fileSubject(file)}: expected the answer "bytes ${start}-${end - 1}/${file.size}", found ${JSON.stringify(found)}`;
  throw new HubError("malformed", text, { status: answer.status });
}

function checkContentLength({ headers }: OpenResponse, file: RemoteFile): void {
  const found = headers.get("content-length");
  const encoded = (headers.get("content-encoding") ?? "identity") !== "identity";
  if (found !== null && !encoded && Number(found) !== file.size) throw sizeError(file, found);
}

function sizeError(file: RemoteFile, found: string): HubError {
  const text = `${fileSubject(file)}: expected the ${file.size} bytes that the hub lists, found a file of ${found}`;
  return new HubError("changed", text);
}
