// What the packages say, for somebody who looks at pictures and does not read programs. They speak of options and
// functions, because programmers read them; whatever is not known here stays as it is.

import { isRuntimeError, type WebDtype, type WebProvider } from "@internvit/runtime-web";

/** Number formats. */
export const DTYPE_WORDS: Readonly<Record<WebDtype, string>> = {
  f32: "float32",
  f16: "float16",
  q8: "8 bits",
  "q8-dynamic": "8 bits, also of what is computed",
  q4: "4 bits",
};

/** Ways to compute. */
export const PROVIDER_WORDS: Readonly<Record<WebProvider, string>> = {
  wasm: "WebAssembly",
  webgpu: "WebGPU",
};

const NOTES: readonly (readonly [RegExp, (...parts: readonly string[]) => string])[] = [
  [
    /^the adapter has no shader-f16/,
    () => "This GPU cannot compute in 16 bits (shader-f16): float16 is off",
  ],
  // How long is said where the kept weights are listed.
  [/^weights come from (?:OPFS|the Cache API)/, () => "Nothing was downloaded: it was kept here"],
  [/^weights are kept in (?:OPFS|the Cache API)/, () => "It is kept on this device"],
  [
    /^https?:\/\/([^/]+)\S* cannot be reached .* is used as it was stored on (.*)$/s,
    (host = "", date = "") =>
      `${host} cannot be reached: the model is used as it was kept on ${new Date(date).toLocaleDateString("en", { dateStyle: "long" })}`,
  ],
];

/** A note of an encoder, or of what a browser has, as a sentence. */
export function plainNote(note: string): string {
  for (const [pattern, words] of NOTES) {
    const match = pattern.exec(note);
    if (match !== null) return `${words(...match.slice(1))}.`;
  }
  return `${note.slice(0, 1).toUpperCase()}${note.slice(1)}.`;
}

/** Why something failed. */
export function plainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isRuntimeError(error) && error.code === "no-space") {
    return "the browser gives this page too little storage for it. What has come stays, and the next try goes on from there; other models that are kept on this device can be removed below.";
  }
  return error.message
    .replaceAll(/dtype "([^"]+)"/g, (all, dtype: WebDtype) => DTYPE_WORDS[dtype] ?? all)
    .replaceAll(
      /executionProvider "([^"]+)"/g,
      (all, provider: WebProvider) => PROVIDER_WORDS[provider] ?? all,
    );
}
