// What a command gets besides its options.

import type { DefaultModel } from "./checkpoints/default-model.ts";
import type { Environment } from "@internvit/runtime-node";
import type { Report } from "./events.ts";

/** The surroundings of a command. */
export interface CommandContext {
  readonly report: Report;
  /** Aborted when the process is asked to end; its reason is an `Interruption`. */
  readonly signal: AbortSignal;
  readonly env: Environment;
  /** What is used without `--model`. */
  readonly defaultModel: DefaultModel;
}
