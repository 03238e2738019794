// What a runtime and the worker that holds its session say to each other, as far as it is the same in Node and in
// browsers. Every request gets exactly one reply with the same id.

import type { HeldTensor } from "../runtime.ts";
import type { Dtype, Tensor } from "../tensor.ts";
import type { RuntimeErrorCode } from "./runtime-error.ts";

/** The number of a held tensor, in the place of a tensor. The caller's side gives the numbers. */
export interface HeldNumber extends HeldTensor {
  readonly number: number;
}

/** Asks for one run. */
export interface RunRequest {
  readonly kind: "run";
  readonly id: number;
  /** The session's number. */
  readonly session: number;
  readonly feeds: Readonly<Record<string, Tensor | HeldNumber>>;
  readonly outputs: readonly string[];
  /** Numbers for the outputs that stay. */
  readonly keep: Readonly<Record<string, number>>;
}

/** What a run computed. */
export interface RunResult {
  readonly kind: "result";
  readonly id: number;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly kept: Readonly<Record<string, KeptFacts>>;
}

/** What the caller's side has to know of an output that stayed. */
export interface KeptFacts {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Asks for what belongs to a holder: `release` has no reply, the others have the one of their kind. */
export type HolderRequest =
  | {
      readonly kind: "hold";
      readonly id: number;
      /** By their numbers. */
      readonly tensors: Readonly<Record<string, Tensor>>;
    }
  | { readonly kind: "read-held"; readonly id: number; readonly numbers: readonly number[] }
  | { readonly kind: "release"; readonly id: number; readonly numbers: readonly number[] }
  | { readonly kind: "unload"; readonly id: number; readonly session: number };

/** Replies to `HolderRequest`. */
export type HolderReply =
  | { readonly kind: "hold"; readonly id: number }
  /** In the order that was asked for. */
  | { readonly kind: "read-held"; readonly id: number; readonly tensors: readonly Tensor[] }
  | { readonly kind: "unload"; readonly id: number };

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
