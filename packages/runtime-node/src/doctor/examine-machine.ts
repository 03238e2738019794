// Everything that `internvit doctor` says: the facts of a machine and a verdict on each execution provider.

import { EXECUTION_PROVIDERS, type ExecutionProvider } from "../providers/execution-providers.ts";
import { type ProviderVerdict, tryProvider } from "../providers/judge-provider.ts";
import { gatherFacts } from "./gather-facts.ts";
import type { MachineFacts } from "./machine-facts.ts";

/** A machine that was examined. */
export interface Examination {
  readonly facts: MachineFacts;
  /** In the order of `EXECUTION_PROVIDERS`. */
  readonly providers: readonly ProviderVerdict[];
}

/** Options of `examineMachine`. */
export interface ExamineOptions {
  /** Default: all of them. */
  readonly providers?: readonly ExecutionProvider[];
  readonly signal?: AbortSignal;
}

/**
 * Gathers the facts and tries every provider that can be tried, each in a process of its own. Takes a second or two;
 * more where a GPU compiles its kernels. Rejects only with the signal's reason.
 */
export async function examineMachine(options: ExamineOptions = {}): Promise<Examination> {
  const { providers = EXECUTION_PROVIDERS, signal } = options;
  const cancel = signal === undefined ? {} : { signal };
  const facts = await gatherFacts(cancel);
  const verdicts: ProviderVerdict[] = [];
  // One after the other: two that want all of a GPU's memory would spoil each other's trial.
  for (const provider of providers) {
    verdicts.push(await tryProvider(provider, { facts, allowSoftware: true, ...cancel }));
  }
  return { facts, providers: verdicts };
}
