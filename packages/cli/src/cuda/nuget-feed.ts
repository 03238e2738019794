// What a NuGet feed says of one version of a package: where it is and what its SHA-512 is.
// https://learn.microsoft.com/en-us/nuget/api/overview: service index, PackageBaseAddress, RegistrationsBaseUrl and the
// catalog entry that a registration leaf points to.

import type { HubFetch } from "@internvit/hub";
import { z } from "zod";

import { CliError } from "../errors.ts";

/** A package of a feed. */
export interface FeedPackage {
  /** Of the .nupkg. */
  readonly url: string;
  /** In hex. */
  readonly sha512: string;
}

/** Options of what asks a feed. */
export interface FeedOptions {
  readonly fetch: HubFetch;
  readonly signal: AbortSignal;
}

const indexSchema = z.object({
  resources: z.array(
    z.object({ "@id": z.string(), "@type": z.union([z.string(), z.array(z.string())]) }),
  ),
});
const leafSchema = z.object({ catalogEntry: z.union([z.string(), z.looseObject({})]) });
const entrySchema = z.object({
  packageHash: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
  packageHashAlgorithm: z.string().regex(/^SHA512$/i),
});

/** Answers are a few kilobytes; the service index of nuget.org has 10. */
const MAX_BYTES = 4 * 2 ** 20;

/**
 * Looks a package up.
 *
 * @param index address of the feed's service index
 * @throws CliError `not-found` when the feed does not have that version, `malformed` when it does not tell a SHA-512,
 *   `io` when it cannot be asked.
 */
export async function findPackage(
  index: string,
  { id, version, ...options }: FeedOptions & { readonly id: string; readonly version: string },
): Promise<FeedPackage> {
  const { resources } = parse(indexSchema, await getJson(index, options), index);
  const find = (pattern: RegExp): string => {
    const found = resources.find(({ "@type": type }) =>
      [type].flat().some((name) => pattern.test(name)),
    );
    if (found === undefined) throw malformed(index, `a service ${pattern.source}`);
    return found["@id"].endsWith("/") ? found["@id"] : `${found["@id"]}/`;
  };
  const packages = find(/^PackageBaseAddress\/3\.0\.0$/);
  // The plain one, whose answers every client can read; the others are compressed always.
  const registrations = find(/^RegistrationsBaseUrl(\/3\.0\.0-(beta|rc))?$/);
  const leafUrl = `${registrations}${id}/${version}.json`;
  const { catalogEntry } = parse(leafSchema, await getJson(leafUrl, options), leafUrl);
  const entry =
    typeof catalogEntry === "string" ? await getJson(catalogEntry, options) : catalogEntry;
  const { packageHash } = parse(
    entrySchema,
    entry,
    typeof catalogEntry === "string" ? catalogEntry : leafUrl,
  );
  return {
    url: `${packages}${id}/${version}/${id}.${version}.nupkg`,
    sha512: Buffer.from(packageHash, "base64").toString("hex"),
  };
}

async function getJson(url: string, { fetch, signal }: FeedOptions): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let status: number;
  try {
    const answer = await fetch(url, { headers: {}, signal, redirect: "follow" });
    status = answer.status;
    const reader = answer.body?.getReader();
    let size = 0;
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      size += part.value.byteLength;
      if (size > MAX_BYTES) {
        await reader?.cancel();
        throw malformed(url, `at most ${MAX_BYTES} bytes`);
      }
      chunks.push(part.value);
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof CliError) throw cause;
    const why =
      cause instanceof Error
        ? ((cause.cause as Error | undefined)?.message ?? cause.message)
        : String(cause);
    throw new CliError("io", `${url} cannot be read: ${why}`, { cause });
  }
  if (status === 404) throw new CliError("not-found", `${url}: not found (404)`);
  if (status !== 200) throw new CliError("io", `${url}: the server answered ${status}`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw malformed(url, "JSON");
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, url: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw malformed(url, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "another content"}`);
}

function malformed(url: string, expected: string): CliError {
  return new CliError("malformed", `${url}: expected ${expected} of a NuGet feed`);
}
