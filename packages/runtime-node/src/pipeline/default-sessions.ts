// How many sessions share the processors. Several with fewer threads each do more than one with all of them: no thread
// waits for the slowest of an operator (benchmarks/README.md). Each holds the weights, so memory sets a limit.

import { availableCpus } from "../cpu-limit.ts";

/** Where the gain was measured; more sessions would multiply memory for a gain that nobody has seen. */
const MAX_SESSIONS = 4;
/** Memory of a session beside its float32 weights, as a factor: packed copies, activations. */
const MEMORY_FACTOR = 1.25;

/** Options of `defaultSessions`. */
export interface DefaultSessionsOptions {
  /** Processors that this process may use. Default: `availableCpus()`. */
  readonly available?: number;
  /** Bytes that this process may still take; the sessions get half of it. Default: what system and container allow. */
  readonly memory?: number;
}

/**
 * Sessions on the CPU for as many features per second as possible, for an encoder of `parameters` weights. Their number
 * has no say in the features. On other devices one session is best.
 */
export function defaultSessions(parameters: number, options: DefaultSessionsOptions = {}): number {
  const { available = availableCpus(), memory = process.availableMemory() } = options;
  const fitting = Math.floor(memory / 2 / (parameters * 4 * MEMORY_FACTOR));
  return Math.max(1, Math.min(MAX_SESSIONS, available, fitting));
}
