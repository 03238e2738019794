// What a revision is: its commit, and every file with its size and hash. The hub's answer decides which bytes are
// trusted later, so it is parsed strictly.
//
// Files kept in LFS (or Xet) have a SHA-256; the others the SHA-1 that git gives a blob. Both are also the names of
// the files in the cache.

import { en } from "zod/locales";
import * as z from "zod/mini";

import { type HubConnection, type HubOptions, toConnection } from "./connection.ts";
import { HubError } from "./errors.ts";
import { checkReference, formatModelReference, type ModelReference } from "./model-reference.ts";
import { openResponse } from "./open-response.ts";
import { withRetries } from "./retry.ts";

/** About 250 bytes per file; repositories with more than 100 000 files are refused by the hub itself. */
const MAX_LISTING_BYTES = 32 * 2 ** 20;

/** A file of a repository. It has one of the hashes, in lower-case hex. */
export interface HubFile {
  /** Path within the repository, with `/`. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256?: string;
  /** SHA-1 of `blob <size>\0` and the bytes, as git computes it. */
  readonly gitSha1?: string;
}

/** A repository at one commit. */
export interface HubRevision {
  readonly repository: string;
  /** 40 hex digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

const sha1 = z.string().check(z.regex(/^[0-9a-f]{40}$/));
const schema = z.object({
  sha: sha1,
  siblings: z.array(
    z.object({
      rfilename: z.string().check(z.refine(isSafePath, "expected a path inside the repository")),
      size: z.int().check(z.nonnegative()),
      blobId: sha1,
      lfs: z.nullish(z.object({ sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)) })),
    }),
  ),
});

/**
 * Asks the hub what a revision is.
 *
 * @throws HubError `not-found`, `unauthorized`, `network`, or `malformed` when the answer is not a listing with sizes
 *   and hashes.
 */
export async function getRevision(
  reference: ModelReference,
  options: HubOptions = {},
): Promise<HubRevision> {
  return requestRevision(reference, {
    connection: toConnection(options),
    signal: options.signal,
  });
}

/** `getRevision` over a connection that is there already. */
export async function requestRevision(
  reference: ModelReference,
  options: { readonly connection: HubConnection; readonly signal: AbortSignal | undefined },
): Promise<HubRevision> {
  checkReference(reference);
  const { repository, revision } = reference;
  const subject = formatModelReference(reference);
  const url = `${options.connection.endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const bytes = await withRetries(async () => {
    const response = await openResponse(url, { ...options, subject, repository, accept: [200] });
    try {
      return await collect(response.blocks, subject);
    } finally {
      response.close();
    }
  }, options);

  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const text = `${subject}: the hub's listing is not JSON; is ${options.connection.endpoint} a Hugging Face hub (HF_ENDPOINT)?`;
    throw new HubError("malformed", text, { cause });
  }
  const parsed = schema.safeParse(json, { error: en().localeError });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") ?? "";
    const text = `${subject}: the hub's listing lacks what is needed: ${where}: ${issue?.message ?? ""}`;
    throw new HubError("malformed", text, { cause: parsed.error });
  }
  return {
    repository,
    commit: parsed.data.sha,
    files: parsed.data.siblings.map(({ rfilename: name, size, blobId, lfs }) =>
      lfs === undefined || lfs === null
        ? { name, size, gitSha1: blobId }
        : { name, size, sha256: lfs.sha256 },
    ),
  };
}

async function collect(blocks: AsyncIterable<Uint8Array>, subject: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  for await (const block of blocks) {
    byteLength += block.byteLength;
    if (byteLength > MAX_LISTING_BYTES) {
      const text = `${subject}: expected a listing of at most ${MAX_LISTING_BYTES} bytes, found more`;
      throw new HubError("malformed", text);
    }
    parts.push(block);
  }
  const bytes = new Uint8Array(byteLength);
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.byteLength;
  }
  return bytes;
}

function isSafePath(path: string): boolean {
  // "\" and ":" separate on Windows; control characters end or hide names.
  return path
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\p{Cc}]/u.test(part));
}
