// What a runtime and the worker that holds its session say to each other, as far as it is the same in Node and in
// browsers. Every request gets exactly one reply with the same id.

import type { Tensor } from "../tensor.ts";
import type { RuntimeErrorCode } from "./runtime-error.ts";

/** Asks for one run. */
export interface RunRequest {
  readonly kind: "run";
  readonly id: number;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly string[];
}

/** What a run computed. */
export interface RunResult {
  readonly kind: "result";
  readonly id: number;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Any request failed. */
export interface ErrorReply {
  readonly kind: "error";
  readonly id: number;
  readonly code: RuntimeErrorCode;
  readonly message: string;
}

/** What ONNX Runtime says of a session that is ready. */
export interface SessionDescription {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly onnxruntimeVersion: string;
  /** Milliseconds from the start of the worker's work to the session being ready. */
  readonly loadMilliseconds: number;
}
