// The number format of a session's linear maps, when the caller leaves it to the device: float16 on a GPU that computes
// it rightly, float32 everywhere else. WebAssembly computes in float32 anyway.

import { HALF_PROBE_TOLERANCE } from "@internvit/model-core/session";

import type { WebDtype } from "./choose-weights.ts";
import { RuntimeError } from "./errors.ts";
import type { StartedProvider } from "./worker/protocol.ts";

/** A format, and what is to be said of the choice. */
export interface ChosenDtype {
  readonly dtype: WebDtype;
  readonly notes: readonly string[];
}

/**
 * Decides by what the worker found out of its provider.
 *
 * @throws RuntimeError `unsupported` for `f16` on a GPU whose products in float16 are wrong.
 */
export function chooseDtype(
  wanted: WebDtype | "auto",
  { adapter, probe }: Pick<StartedProvider, "adapter" | "probe">,
): ChosenDtype {
  if (adapter?.shaderF16 !== true) {
    return { dtype: wanted === "auto" ? "f32" : wanted, notes: [] };
  }
  const wrong = halfFault(probe?.halfError);
  if (wrong === undefined) return { dtype: wanted === "auto" ? "f16" : wanted, notes: [] };
  if (wanted === "f16") {
    throw new RuntimeError("unsupported", `dtype f16 cannot be used on ${adapter.name}: ${wrong}`);
  }
  const notes = wanted === "auto" ? [`dtype f32 and not f16: ${wrong}`] : [];
  return { dtype: wanted === "auto" ? "f32" : wanted, notes };
}

function halfFault(error: number | undefined): string | undefined {
  if (error === undefined) return "ONNX Runtime refuses a small graph in float16";
  if (error <= HALF_PROBE_TOLERANCE) return undefined;
  return `products in float16 are off by ${error.toExponential(1)} of the largest; at most ${HALF_PROBE_TOLERANCE.toExponential(0)} is right`;
}
