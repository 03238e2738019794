// The golden data for tests in a browser: files are fetched from the server of the tests (scripts/browser/project.mjs),
// which says where they are. Nothing of Node here.

import { inject } from "vitest";

import { type GoldenModel, type GoldenTensor, parseGoldenTensors } from "./golden-tensors.ts";

export {
  createRandom,
  difference,
  type Difference,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
  type GoldenModel,
  type GoldenTensor,
  parseGoldenTensors,
  type Random,
} from "./portable.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Absolute path of the repository's `fixtures`. */
    readonly fixtureDirectory: string;
    /** The same, or what `INTERNVIT_GOLDENS` says. */
    readonly goldenDirectory: string;
    /** Folders in `goldenDirectory` that are golden checkpoints. */
    readonly goldenModels: readonly string[];
  }
}

/** Address of a golden file or folder, as `goldenPath` is its path. */
export function goldenUrl(...parts: readonly string[]): string {
  return servedUrl([inject("goldenDirectory"), ...parts]);
}

/** Address of a file or folder of the repository's own fixtures, as `fixturePath` is its path. */
export function fixtureUrl(...parts: readonly string[]): string {
  return servedUrl([inject("fixtureDirectory"), ...parts]);
}

/** Names of the golden checkpoints. */
export function goldenModels(): readonly string[] {
  return inject("goldenModels");
}

/** The bytes at an address; throws when there are none. */
export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** All tensors of a golden safetensors file, by name. */
export async function fetchGoldenTensors(
  ...parts: readonly string[]
): Promise<ReadonlyMap<string, GoldenTensor>> {
  return parseGoldenTensors(await fetchBytes(goldenUrl(...parts)));
}

/** Golden checkpoints: those of these names, or all. */
export async function fetchGoldenModels(
  names: readonly string[] = goldenModels(),
): Promise<readonly GoldenModel[]> {
  return Promise.all(
    names.map(async (name) => ({
      name,
      location: goldenUrl(name),
      expected: await fetchGoldenTensors(name, "expected.safetensors"),
    })),
  );
}

function servedUrl(parts: readonly string[]): string {
  const { origin } = (globalThis as unknown as { readonly location: { readonly origin: string } })
    .location;
  const path = parts.join("/").replaceAll("\\", "/").replace(/^\//, "");
  return `${origin}/@fs/${encodeURI(path)}`;
}
