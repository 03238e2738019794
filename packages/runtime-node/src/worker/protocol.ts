// What the calling thread and the session's thread say to each other. One worker holds one session for its whole
// life; every run gets exactly one reply with the same id.

import type { Dtype, Tensor } from "@internvit/model-core";

import type { RuntimeErrorCode } from "../errors.ts";

/** What the worker is started with: everything that makes the session. */
export interface SessionSetup {
  /** ModelProto bytes. */
  readonly graph: Uint8Array<ArrayBuffer>;
  /** Folder that the external locations of the graph are relative to. */
  readonly externalFolder: string | undefined;
  /** By ONNX Runtime's names, the first one first. */
  readonly executionProviders: readonly string[];
  /** Threads that one operator may use; 0: ONNX Runtime decides (one per physical core). */
  readonly threads: number;
  /** Whether int8 products are summed in the form that cannot overflow; see cpu-flags.ts. */
  readonly exactInt8: boolean;
  /** Whether the session keeps the times of its nodes until `placement` is asked for. */
  readonly recordPlacement: boolean;
  /** Shared with the thread that started this one; see exit-guard.ts. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

/** Request to the worker. `placement` comes after a run. `close` has no reply: the thread ends. */
export type SessionRequest =
  | {
      readonly kind: "run";
      readonly id: number;
      readonly feeds: Readonly<Record<string, Tensor>>;
      readonly outputs: readonly string[];
    }
  | { readonly kind: "placement"; readonly id: number }
  | { readonly kind: "close" };

/** Asks for one run. */
export type RunRequest = Extract<SessionRequest, { readonly kind: "run" }>;

/** What ONNX Runtime says of a session that is ready. */
export interface SessionDescription {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly onnxruntimeVersion: string;
  /** Milliseconds from the start of the worker's work to the session being ready. */
  readonly loadMilliseconds: number;
}

/** How many nodes of a graph each execution provider computes, by ONNX Runtime's names of them. */
export type Placement = Readonly<Record<string, number>>;

/** Reply from the worker; id 0 answers the setup. */
export type SessionReply =
  | { readonly kind: "ready"; readonly id: 0; readonly description: SessionDescription }
  | {
      readonly kind: "result";
      readonly id: number;
      readonly outputs: Readonly<Record<string, Tensor>>;
    }
  | { readonly kind: "placement"; readonly id: number; readonly placement: Placement }
  | {
      readonly kind: "error";
      readonly id: number;
      readonly code: RuntimeErrorCode;
      readonly message: string;
    };

/** Element types that cross the border to ONNX Runtime; it has no bfloat16 there. */
export const RUNTIME_DTYPES: ReadonlySet<Dtype> = new Set<Dtype>([
  "float32",
  "float16",
  "float64",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
]);
