// What a page and the worker that holds a session say to each other, on top of what is the same in Node (model-core).
// A worker is started, may be asked to convert weights, loads one session and runs it until it is terminated; a holder's
// loads several, and holds tensors.
//
// Weights cross as Blobs: handles, not bytes. Bytes that only the page can read (a checkpoint on a server) are asked
// for by the worker, one tensor at a time.

import type {
  ConvertedDtype,
  EncoderWeights,
  LayerSpread,
  Placement,
  ProjectorWeights,
} from "@internvit/model-core";
import type {
  ErrorReply,
  Feeds,
  HeldNumber,
  HolderReply,
  HolderRequest,
  RunRequest,
  RunResult,
  SessionDescription,
} from "@internvit/model-core/session";

import type { AdapterFacts } from "./adapter-facts.ts";
import type { KeepOrder, KeptReport, WeightProgress } from "./keep-order.ts";

/** Execution providers of onnxruntime-web that are used here. */
export type WebProvider = "webgpu" | "wasm";

/** What a worker is started with. */
export interface StartSettings {
  readonly provider: WebProvider;
  /** Threads of WebAssembly, at least 1. */
  readonly threads: number;
  /** Folder of ONNX Runtime's .wasm files; undefined: beside its script. */
  readonly wasmPaths: string | undefined;
  /** Whether the provider's numbers are compared with WebAssembly's first; see probe-provider.ts. */
  readonly probe: boolean;
}

/** The largest errors of a probe, relative to the largest value; undefined for a graph that was refused. */
export interface ProbeErrors {
  readonly error: number | undefined;
  readonly attentionError: number | undefined;
  /** Products in float16; undefined also where shaders have no float16. */
  readonly halfError: number | undefined;
}

/** What earlier sessions of the page found out. */
export interface KnownStart {
  /** ONNX Runtime's WebAssembly. */
  readonly module: WebAssembly.Module | undefined;
  /** What probes showed, by `adapterKey`. */
  readonly probed: ReadonlyMap<string, ProbeErrors>;
}

/** What a started worker says of itself. */
export interface StartedProvider {
  readonly onnxruntimeVersion: string;
  /** Threads that are really used. */
  readonly threads: number;
  /** With `webgpu`. */
  readonly adapter: AdapterFacts | undefined;
  /** With `probe`. */
  readonly probe: ProbeErrors | undefined;
}

/** How weights are made from a checkpoint's; the page and the worker make the same plan of it. */
export type WeightForm =
  /** In the checkpoint's element types, or in float32. */
  | { readonly kind: "aligned"; readonly float32: boolean }
  | { readonly kind: "converted"; readonly dtype: ConvertedDtype; readonly target: "cpu" | "gpu" };

/** Weights to make. */
export interface WeightRecipe {
  readonly form: WeightForm;
  readonly encoder: EncoderWeights;
  readonly projector: ProjectorWeights | undefined;
}

/** A weight file: a Blob, or the length of one that only the page can read. */
export type SourceFile = Blob | number;

/** Weight files by the names that a graph has for them. */
export type WeightBlobs = Readonly<Record<string, Blob>>;

/** What a run computed. */
export interface WebRunResult extends RunResult {
  /** Nodes by provider; of the first run, with `recordPlacement`. */
  readonly placement: Placement | undefined;
}

/** Request to the worker; `bytes` and `no-bytes` answer what the worker asked. */
export type WorkerRequest =
  | {
      readonly kind: "start";
      readonly id: number;
      readonly settings: StartSettings;
      readonly known: KnownStart;
    }
  | {
      readonly kind: "derive";
      readonly id: number;
      readonly recipe: WeightRecipe;
      readonly files: Readonly<Record<string, SourceFile>>;
      /** Undefined: nothing is kept between visits. */
      readonly keep: KeepOrder | undefined;
    }
  | {
      readonly kind: "load";
      readonly id: number;
      /** The session's number, from 1. */
      readonly session: number;
      /** Outputs that may stay with the worker. */
      readonly keep: readonly string[];
      /** As `GraphLoadOptions` says. */
      readonly memoryPattern: boolean;
      /** ModelProto bytes. */
      readonly graph: Uint8Array<ArrayBuffer>;
      readonly files: WeightBlobs;
      /** Whether the first run tells where its nodes ran. */
      readonly recordPlacement: boolean;
    }
  | RunRequest
  | HolderRequest
  | { readonly kind: "lose-device"; readonly id: number }
  | { readonly kind: "bytes"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "no-bytes"; readonly id: number; readonly message: string };

/** Reply from the worker. */
export type WorkerReply =
  /** Comes before `started`, with an id that no request has, when nothing compiled was sent. */
  | { readonly kind: "compiled"; readonly id: 0; readonly module: WebAssembly.Module }
  | { readonly kind: "started"; readonly id: number; readonly provider: StartedProvider }
  | {
      readonly kind: "derived";
      readonly id: number;
      readonly files: WeightBlobs;
      /** Where the form `needsMeasuring`. */
      readonly spread: readonly LayerSpread[] | undefined;
      readonly report: KeptReport;
    }
  | { readonly kind: "loaded"; readonly id: number; readonly description: SessionDescription }
  | WebRunResult
  | HolderReply
  /** The GPU device is gone. The feeds come back, so that the run can be repeated. */
  | {
      readonly kind: "device-lost";
      readonly id: number;
      readonly feeds: Feeds<HeldNumber>;
      readonly reason: string;
    }
  | { readonly kind: "device-destroyed"; readonly id: number }
  | ErrorReply;

/** The worker's own question: bytes `[start, end)` of a file. */
export interface ReadQuestion {
  readonly kind: "read";
  readonly id: number;
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** What the worker tells while it derives weights, without an answer. */
export interface ProgressNotice extends WeightProgress {
  readonly kind: "progress";
}
