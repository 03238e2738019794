// How many threads WebAssembly gets: they need shared memory, which only cross-origin isolated pages have.

import { isAppleMobile } from "./apple-mobile.ts";
import { RuntimeError } from "./errors.ts";

/**
 * One processor is left to the page. Of four, 2, 3 and 4 threads took 1.18, 0.84 and 0.72 s for a picture of a 12-layer
 * encoder. More than four were no faster on the machines that ONNX Runtime's authors tried; browsers count
 * hyper-threads.
 */
const MAX_THREADS = 4;

/**
 * Threads for a session of which `asked` were asked for; 0 is the default.
 *
 * @throws RuntimeError `invalid-argument` for a number that is no count, `unsupported` for several where the page is
 * not cross-origin isolated.
 */
export function wasmThreads(asked = 0): number {
  if (!Number.isSafeInteger(asked) || asked < 0) {
    throw new RuntimeError("invalid-argument", `threads is a whole number ≥ 0, got ${asked}`);
  }
  if (asked > 1 && !crossOriginIsolated) {
    throw new RuntimeError("unsupported", `threads: ${asked} were asked for, but ${NOT_ISOLATED}`);
  }
  if (asked > 0) return asked;
  // Threads on iOS have hung and ended pages (microsoft/onnxruntime#11679, #26827).
  if (!crossOriginIsolated || isAppleMobile()) return 1;
  return Math.max(1, Math.min(MAX_THREADS, navigator.hardwareConcurrency - 1));
}

/** Why there is one thread, and what to do. */
export const NOT_ISOLATED =
  "the page is not cross-origin isolated: it must be served with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless)";
