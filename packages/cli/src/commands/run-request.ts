// What every run of `internvit eval` is asked for, whatever it probes.

import type { EncoderDtype } from "@internvit/model-core";

import type { ProviderChoice } from "../options/provider-option.ts";

/** Where a run runs, what it writes, and how it is gone on with. */
export interface RunRequest {
  /** A name or a file. */
  readonly protocol: string;
  /** Checkpoint folder; undefined is the default model. */
  readonly model: string | undefined;
  /** The folder to write. */
  readonly output: string;
  /** In place of the protocol's; undefined: as it says. */
  readonly seed: number | undefined;
  /** Pictures in one run of the encoder. */
  readonly encodeBatch: number;
  readonly sessions: number | "auto";
  readonly threads: number | undefined;
  readonly resume: boolean;
  readonly dryRun: boolean;
  readonly executionProvider: ProviderChoice;
  readonly dtype: EncoderDtype;
}
