// One provider on one machine: tried, judged, and named.

import { attentionNote } from "@internvit/model-core/session";

import type { MachineFacts, VulkanDriver } from "../doctor/machine-facts.ts";
import type { ExecutionProvider } from "./execution-providers.ts";
import {
  isAttentionRight,
  isRight,
  type ProbeOptions,
  type ProbeOutcome,
  probeProvider,
} from "./probe-provider.ts";
import type { ProviderProblem } from "./problem.ts";
import { explainOutcome, findObstacles } from "./provider-problems.ts";

/** What is known of a provider on a machine. */
export interface ProviderVerdict {
  readonly provider: ExecutionProvider;
  /** True when a tiny graph gave the CPU's numbers. */
  readonly usable: boolean;
  /** True for an adapter that computes on the CPU. */
  readonly software: boolean;
  /** Name of the processor or card, and of the driver where that is known. */
  readonly device: string | undefined;
  readonly driver: string | undefined;
  /** Whether the fused attention is right there. */
  readonly fusedAttention: boolean;
  /** Largest error of the probe, relative to the largest value. */
  readonly error: number | undefined;
  /** What is in the way; empty when it is usable. */
  readonly problems: readonly ProviderProblem[];
  /** What a user should know although it works. */
  readonly notes: readonly string[];
}

/** What was tried: on which adapters, with what outcome. */
export interface Trial {
  readonly outcome: ProbeOutcome;
  readonly software: boolean;
}

/** The verdict on a provider from facts and, where there are no obstacles, a trial. */
export function judgeProvider(
  provider: ExecutionProvider,
  { facts, trial }: { readonly facts: MachineFacts; readonly trial: Trial | undefined },
): ProviderVerdict {
  const none = { usable: false, software: false, device: undefined, driver: undefined } as const;
  if (trial === undefined) {
    const problems = findObstacles(provider, facts);
    return { provider, ...none, fusedAttention: false, error: undefined, problems, notes: [] };
  }
  const { outcome, software } = trial;
  const error = outcome.kind === "computed" ? outcome.error : undefined;
  const fusedAttention = isAttentionRight(outcome);
  if (!isRight(outcome)) {
    const problems = explainOutcome(provider, { facts, outcome });
    return { provider, ...none, software, fusedAttention, error, problems, notes: [] };
  }
  return {
    provider,
    usable: true,
    software,
    ...nameDevice(provider, { facts, software }),
    fusedAttention,
    error,
    problems: [],
    notes: notesOf(outcome, software),
  };
}

function notesOf(outcome: ProbeOutcome, software: boolean): readonly string[] {
  const notes: string[] = [];
  if (software) notes.push("the adapter is a program that computes on the CPU, not a GPU");
  if (outcome.kind === "computed" && !isAttentionRight(outcome)) {
    notes.push(attentionNote(outcome.attentionError));
  }
  return notes;
}

function nameDevice(
  provider: ExecutionProvider,
  { facts, software }: { readonly facts: MachineFacts; readonly software: boolean },
): Pick<ProviderVerdict, "device" | "driver"> {
  const { nvidia, vulkan, platform, cpu, environment } = facts;
  if (provider === "cpu") return { device: cpu.model, driver: undefined };
  const card = nvidia?.cards[Number(environment["CUDA_VISIBLE_DEVICES"] ?? 0) || 0];
  const nvidiaDriver = nvidia?.driver === undefined ? undefined : `NVIDIA ${nvidia.driver}`;
  if (provider === "cuda" || provider === "tensorrt") {
    return { device: card ?? "NVIDIA card", driver: nvidiaDriver };
  }
  if (platform === "linux") {
    const drivers = (vulkan?.drivers ?? []).filter((driver) => driver.software === software);
    const names = [...new Set(drivers.map(({ name }) => name))];
    if (names.length === 1 && names[0] === "NVIDIA" && card !== undefined) {
      return { device: card, driver: `${nvidiaDriver ?? "NVIDIA"}, Vulkan` };
    }
    const device = names.join(" or ");
    return software
      ? { device: `${device} (software)`, driver: "Vulkan" }
      : { device: card ?? `GPU of ${device}`, driver: `${device}, Vulkan` };
  }
  // Apple silicon is processor and GPU in one; elsewhere the system chooses and does not say.
  const device = platform === "darwin" ? cpu.model : (card ?? "the system's GPU");
  return { device, driver: undefined };
}

/** Tries a provider on this machine and judges it. Rejects only with the signal's reason. */
export async function tryProvider(
  provider: ExecutionProvider,
  options: {
    readonly facts: MachineFacts;
    /** Whether an adapter that computes on the CPU will do. */
    readonly allowSoftware: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<ProviderVerdict> {
  const { facts, allowSoftware, signal } = options;
  if (findObstacles(provider, facts).length > 0) {
    return judgeProvider(provider, { facts, trial: undefined });
  }
  const cancel = signal === undefined ? {} : { signal };
  const trial =
    provider === "webgpu" && facts.vulkan !== undefined
      ? await tryVulkan(facts.vulkan.drivers, { allowSoftware, ...cancel })
      : { outcome: await probeProvider(provider, cancel), software: false };
  return judgeProvider(provider, { facts, trial });
}

/**
 * WebGPU over Vulkan does not say which adapter it took. So it is tried with the drivers of real GPUs alone, and only
 * then with those that compute on the CPU.
 */
async function tryVulkan(
  drivers: readonly VulkanDriver[],
  options: { readonly allowSoftware: boolean; readonly signal?: AbortSignal },
): Promise<Trial> {
  const { allowSoftware, signal } = options;
  let trial: Trial | undefined;
  for (const software of allowSoftware ? [false, true] : [false]) {
    const files = drivers.filter((driver) => driver.software === software).map(({ file }) => file);
    if (files.length === 0) continue;
    const list = files.join(":");
    const probe: ProbeOptions = {
      // The second is for loaders from before 2023.
      env: { VK_DRIVER_FILES: list, VK_ICD_FILENAMES: list },
      ...(signal === undefined ? {} : { signal }),
    };
    const outcome = await probeProvider("webgpu", probe);
    const next = { outcome, software };
    if (isRight(outcome)) return next;
    // A GPU that fails is the news, not the program that would have been in its place.
    trial ??= next;
  }
  const message = "no Vulkan driver of a GPU is installed";
  return trial ?? { outcome: { kind: "refused", message, details: "" }, software: false };
}
