// Which number formats can be had on which provider here, and why not.

import type { WebCapabilities, WebDtype } from "@internvit/runtime-web";

import type { ModelChoice } from "./choices.ts";
import { plainNote } from "./plain-words.ts";

type Provider = ModelChoice["executionProvider"];

/** The one provider that has a number format; for the others there is a choice. */
const ONLY_ON: Readonly<Partial<Record<WebDtype, "webgpu" | "wasm">>> = {
  f16: "webgpu",
  "q8-dynamic": "wasm",
};

/** Whether a number format can be had; what is not known yet is not ruled out. */
export function hasDtype(
  dtype: ModelChoice["dtype"],
  { provider, here }: { readonly provider: Provider; readonly here: WebCapabilities | undefined },
): boolean {
  const only = dtype === "auto" ? undefined : ONLY_ON[dtype];
  if (only !== undefined && provider !== "auto" && provider !== only) return false;
  return dtype !== "f16" || here === undefined || here.webgpu.adapter?.shaderF16 === true;
}

/** A choice of numbers that only one provider has is a choice of that provider. */
export function providerFor(dtype: ModelChoice["dtype"], provider: Provider): Provider {
  return provider === "auto" && dtype !== "auto" ? (ONLY_ON[dtype] ?? provider) : provider;
}

/** What is to be said of this browser beside the choices, a sentence each. */
export function remarksHere({ webgpu, wasm }: WebCapabilities): readonly string[] {
  return [...webgpu.notes, ...wasm.notes].map(plainNote);
}
