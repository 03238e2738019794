// Which execution provider a session gets. A named one is used or refused with the reasons; `auto` takes the first
// that gives the CPU's numbers and tells why others were passed over.

import { cpus } from "node:os";

import { gatherFacts } from "../doctor/gather-facts.ts";
import type { MachineFacts } from "../doctor/machine-facts.ts";
import { RuntimeError } from "../errors.ts";
import type { ExecutionProvider } from "./execution-providers.ts";
import { type ProviderVerdict, tryProvider } from "./judge-provider.ts";
import type { ProviderProblem } from "./problem.ts";
import { tensorFloat32Note } from "./tensor-float-32.ts";

/** A provider that `auto` did not take. */
export interface PassedOver {
  readonly provider: ExecutionProvider;
  readonly reason: string;
}

/** An execution provider that was tried on this machine. */
export interface SelectedProvider {
  readonly provider: ExecutionProvider;
  /** Name of the processor or card. */
  readonly device: string;
  /** Name and version of its driver, where they are known. */
  readonly driver: string | undefined;
  /** Whether the fused attention gives right numbers there. */
  readonly fusedAttention: boolean;
  /** What a user should know of it. */
  readonly notes: readonly string[];
  /** With `auto`: the providers before this one, and why not. */
  readonly passedOver: readonly PassedOver[];
}

/** Options of `selectExecutionProvider`. */
export interface SelectOptions {
  readonly signal?: AbortSignal;
}

/**
 * The order in which `auto` tries providers. TensorRT is not among them: it compiles each graph for minutes. The CPU
 * is always last and needs no trial.
 */
export function automaticOrder(platform: string): readonly ExecutionProvider[] {
  if (platform === "darwin") return ["webgpu", "coreml"];
  if (platform === "win32") return ["directml", "webgpu"];
  return ["cuda", "webgpu"];
}

/**
 * The provider to use.
 *
 * @throws RuntimeError `unsupported` when the named one cannot be used: what is missing and what to do; the signal's
 *   reason when it aborts.
 */
export async function selectExecutionProvider(
  wanted: ExecutionProvider | "auto",
  options: SelectOptions = {},
): Promise<SelectedProvider> {
  if (wanted === "cpu") return cpuProvider([]);
  const facts = await gatherFacts(options);
  if (wanted === "auto") return selectAutomatically(facts, options);
  const verdict = await tryProvider(wanted, { ...options, facts, allowSoftware: true });
  if (!verdict.usable) throw new RuntimeError("unsupported", describeRefusal(verdict));
  return toSelected(verdict, []);
}

async function selectAutomatically(
  facts: MachineFacts,
  options: SelectOptions,
): Promise<SelectedProvider> {
  const passedOver: PassedOver[] = [];
  for (const provider of automaticOrder(facts.platform)) {
    const verdict = await tryProvider(provider, { ...options, facts, allowSoftware: false });
    if (verdict.usable) return toSelected(verdict, passedOver);
    const reason = verdict.problems.map((problem) => problem.reason).join("; ");
    passedOver.push({ provider, reason });
  }
  return cpuProvider(passedOver);
}

function cpuProvider(passedOver: readonly PassedOver[]): SelectedProvider {
  return {
    provider: "cpu",
    device: cpus()[0]?.model.trim() ?? "unknown processor",
    driver: undefined,
    fusedAttention: true,
    notes: [],
    passedOver,
  };
}

function toSelected(verdict: ProviderVerdict, passedOver: readonly PassedOver[]): SelectedProvider {
  const { provider, device = "unknown", driver, fusedAttention } = verdict;
  const onNvidia = provider === "cuda" || provider === "tensorrt";
  const precision = onNvidia ? tensorFloat32Note() : undefined;
  const notes = precision === undefined ? verdict.notes : [...verdict.notes, precision];
  return { provider, device, driver, fusedAttention, notes, passedOver };
}

/** Why a named provider is not used, in one message. */
export function describeRefusal({
  provider,
  problems,
}: {
  readonly provider: ExecutionProvider;
  readonly problems: readonly ProviderProblem[];
}): string {
  const parts = problems.map(({ reason, advice }) =>
    advice === undefined ? reason : `${reason} (${advice})`,
  );
  return `the execution provider ${provider} cannot be used: ${parts.join("; ")}. \`internvit doctor\` says more; there is no silent change to another one, \`auto\` chooses one that works`;
}
