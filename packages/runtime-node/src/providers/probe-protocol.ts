// What a probe's process is asked and answers.

import type { Tensor } from "@internvit/model-core";
import type { ProbeGraph, ProbeNumbers } from "@internvit/model-core/session";

/** The only message to the process. */
export interface ProbeRequest {
  /** By ONNX Runtime's names; empty: only ask what the build has. */
  readonly providers: readonly string[];
  readonly graphs: Readonly<Record<ProbeGraph, Uint8Array<ArrayBuffer>>>;
  readonly input: Tensor<"float32">;
}

/** The only message from it. */
export type ProbeReply =
  | { readonly kind: "no-runtime"; readonly message: string }
  | {
      readonly kind: "done";
      /** Execution providers of the build, by ONNX Runtime's names. */
      readonly backends: readonly string[];
      readonly version: string;
      /** What the provider computed, and the CPU. */
      readonly results: Readonly<Partial<Record<ProbeGraph, ProbeNumbers>>>;
      readonly errors: Readonly<Partial<Record<ProbeGraph, string>>>;
    };
