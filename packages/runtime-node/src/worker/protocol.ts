// What the calling thread and a session thread say to each other. One thread holds one session for its whole life, or
// those of a holder and its tensors; what is the same in a browser stands in model-core.

import type { Placement } from "@internvit/model-core";
import type {
  ErrorReply,
  HolderReply,
  HolderRequest,
  RunRequest,
  RunResult,
  SessionDescription,
} from "@internvit/model-core/session";

/** What the worker is started with: what all its sessions have in common. */
export interface ThreadSetup {
  /** By ONNX Runtime's names, the first one first. */
  readonly executionProviders: readonly string[];
  /** Threads that one operator may use; 0: ONNX Runtime decides (one per physical core). */
  readonly threads: number;
  /** Whether int8 products are summed in the form that cannot overflow; see cpu-flags.ts. */
  readonly exactInt8: boolean;
  /** Whether sessions keep the times of their nodes until `placement` is asked for. */
  readonly recordPlacement: boolean;
  /** Shared with the thread that started this one; see exit-guard.ts. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

/** A graph to make a session of. */
export interface SessionSetup {
  /** ModelProto bytes. */
  readonly graph: Uint8Array<ArrayBuffer>;
  /** Folder that the external locations of the graph are relative to. */
  readonly externalFolder: string | undefined;
  /** Outputs that may stay with the thread. */
  readonly keep: readonly string[];
  /** As `GraphLoadOptions` says. */
  readonly memoryPattern: boolean;
}

/** Asks for a session, under a number that is the caller's choice. */
export interface LoadRequest extends SessionSetup {
  readonly kind: "load";
  readonly id: number;
  readonly session: number;
}

/** Request to the worker. `placement` comes after a run. `close` has no reply: the thread ends. */
export type SessionRequest =
  | LoadRequest
  | RunRequest
  | HolderRequest
  | { readonly kind: "placement"; readonly id: number; readonly session: number }
  | { readonly kind: "close"; readonly id: number };

export type { Placement };

/** Reply from the worker. */
export type SessionReply =
  | { readonly kind: "load"; readonly id: number; readonly description: SessionDescription }
  | RunResult
  | HolderReply
  | { readonly kind: "placement"; readonly id: number; readonly placement: Placement }
  | ErrorReply;
