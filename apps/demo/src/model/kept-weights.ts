// What is kept on this device, seen from a choice: whether it has to be downloaded.

import type { StoredWeights, WebDtype, WebProvider } from "@internvit/runtime-web";

import { type ModelChoice, PUBLISHED_MODELS } from "./choices.ts";

/** What weights are kept as. */
export interface KeptForm {
  readonly dtype: WebDtype;
  /** Undefined where both providers read the same. */
  readonly provider: WebProvider | undefined;
}

/** Reads `StoredWeights.form`: `q4 for cpu`, or words for float32. */
export function readForm(form: string): KeptForm {
  const [, dtype, target] = /^(\S+) for (cpu|gpu)/.exec(form) ?? [];
  if (dtype === undefined) return { dtype: "f32", provider: undefined };
  return { dtype: dtype as WebDtype, provider: target === "gpu" ? "webgpu" : "wasm" };
}

/** The kept weights that a choice would start from, finished or not; undefined when there are none. */
export function keptFor(
  { source, dtype, executionProvider }: ModelChoice,
  kept: readonly StoredWeights[],
): StoredWeights | undefined {
  const address = addressOf(source);
  const fitting = kept.filter((stored) => {
    if (stored.address !== address) return false;
    const form = readForm(stored.form);
    // "auto" is float32, or float16 on a GPU that has it.
    const isDtype =
      dtype === "auto" ? form.dtype === "f32" || form.dtype === "f16" : form.dtype === dtype;
    const isProvider =
      form.provider === undefined ||
      executionProvider === "auto" ||
      form.provider === executionProvider;
    return isDtype && isProvider;
  });
  return fitting.find(({ complete }) => complete) ?? fitting[0];
}

/** What weights of a source are known by; undefined for those that are never kept. */
function addressOf(source: ModelChoice["source"]): string | undefined {
  if (source.kind === "folder") return source.url.replace(/\/+$/, "");
  return source.kind === "published"
    ? PUBLISHED_MODELS.find(({ name }) => name === source.name)?.address
    : undefined;
}

/** What the page calls the checkpoint of kept weights: its name without owner and commit, or its address. */
export function nameOfKept({ address, label }: StoredWeights): string {
  const published = PUBLISHED_MODELS.find((model) => model.address === address);
  return published?.name ?? (label === "" ? "Unknown weights" : label);
}
