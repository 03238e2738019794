// What the calling thread and the session's thread say to each other. One worker holds one session for its whole
// life; what is the same in a browser stands in model-core.

import type { Placement } from "@internvit/model-core";
import type {
  ErrorReply,
  RunRequest,
  RunResult,
  SessionDescription,
} from "@internvit/model-core/session";

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
  | RunRequest
  | { readonly kind: "placement"; readonly id: number }
  | { readonly kind: "close" };

export type { Placement };

/** Reply from the worker; id 0 answers the setup. */
export type SessionReply =
  | { readonly kind: "ready"; readonly id: 0; readonly description: SessionDescription }
  | RunResult
  | { readonly kind: "placement"; readonly id: number; readonly placement: Placement }
  | ErrorReply;
