// Why an execution provider cannot be used, and what to do: judged from a machine's facts and from what a probe said.
// Pure, so that machines that are not here can be judged too.

import { PROBE_TOLERANCE } from "@internvit/model-core/session";

import type { MachineFacts } from "../doctor/machine-facts.ts";
import { cudaFileProblems, cudaProblems } from "./cuda-problems.ts";
import { compareVersions, type ProviderProblem } from "./problem.ts";
import { type ExecutionProvider, runtimeName } from "./execution-providers.ts";
import type { ProbeOutcome } from "./probe-provider.ts";

/**
 * What rules a provider out whatever a probe would say: it is not in the build, or its files are not there. Empty when
 * it is worth a try.
 */
export function findObstacles(
  provider: ExecutionProvider,
  facts: MachineFacts,
): readonly ProviderProblem[] {
  const { build } = facts.onnxruntime;
  if (build.kind === "not-loaded") return [runtimeProblem(facts, build.reason)];
  if (!build.backends.includes(runtimeName(provider))) {
    return [
      {
        reason: `onnxruntime-node ${build.version} is not built with ${provider} for ${facts.platform}/${facts.arch}; it has ${build.backends.join(", ")}`,
        advice: BUILD_ADVICE[provider],
      },
    ];
  }
  if (provider !== "cuda" && provider !== "tensorrt") return [];
  return cudaFileProblems(provider, facts);
}

const BUILD_ADVICE: Readonly<Record<ExecutionProvider, string | undefined>> = {
  cpu: undefined,
  cuda: "cuda needs Linux on x64 with an NVIDIA card",
  tensorrt: "tensorrt needs Linux on x64 with an NVIDIA card",
  webgpu: "webgpu needs Linux on x64, macOS on Apple silicon, or Windows",
  coreml: "coreml needs macOS",
  directml: "directml needs Windows",
};

/** Why a probe of a provider failed; empty when its numbers are right. */
export function explainOutcome(
  provider: ExecutionProvider,
  { facts, outcome }: { readonly facts: MachineFacts; readonly outcome: ProbeOutcome },
): readonly ProviderProblem[] {
  switch (outcome.kind) {
    case "computed": {
      if (outcome.error <= PROBE_TOLERANCE) return [];
      const rounded = facts.environment["NVIDIA_TF32_OVERRIDE"];
      return [
        {
          reason: `its numbers differ from the CPU's by ${outcome.error.toExponential(1)} of the largest; at most ${PROBE_TOLERANCE.toExponential(0)} is right`,
          advice:
            rounded !== undefined && rounded !== "0"
              ? `unset NVIDIA_TF32_OVERRIDE (it is ${rounded}): TensorFloat-32 rounds matrix products`
              : "update the graphics driver, or use another provider",
        },
      ];
    }
    case "crashed":
      return [
        {
          reason: `it takes the process down: ${outcome.how}${lastLine(outcome.details)}`,
          advice: "update the graphics driver",
        },
      ];
    case "hung":
      return [
        {
          reason: `a tiny graph had no result after ${outcome.seconds} s`,
          advice: "update the graphics driver",
        },
      ];
    case "refused": {
      const known =
        provider === "webgpu"
          ? webgpuProblems(facts)
          : provider === "cuda" || provider === "tensorrt"
            ? cudaProblems(provider, facts)
            : [];
      return known.length > 0 ? known : [{ reason: refusal(outcome), advice: undefined }];
    }
  }
}

function webgpuProblems({ platform, vulkan, nvidia }: MachineFacts): readonly ProviderProblem[] {
  if (platform !== "linux" || vulkan === undefined) {
    return [{ reason: "the system has no GPU that WebGPU can use", advice: undefined }];
  }
  if (vulkan.loader === undefined) {
    return [
      {
        reason: "libvulkan.so.1, the Vulkan loader, is missing",
        advice: "apt-get install libvulkan1",
      },
    ];
  }
  const advice =
    nvidia === undefined
      ? "install the card's Vulkan driver (apt: mesa-vulkan-drivers for AMD and Intel); in a container give it /dev/dri"
      : "install the graphics part of NVIDIA's driver (libGLX_nvidia.so.0); a container is started with NVIDIA_DRIVER_CAPABILITIES=all";
  const { drivers } = vulkan;
  const names = (software: boolean): string =>
    [
      ...new Set(drivers.filter((driver) => driver.software === software).map(({ name }) => name)),
    ].join(", ");
  if (drivers.length === 0) return [{ reason: "no Vulkan driver is installed", advice }];
  if (drivers.every(({ software }) => software)) {
    return [{ reason: `the only Vulkan driver computes on the CPU: ${names(true)}`, advice }];
  }
  return [
    { reason: `no GPU answers to the Vulkan drivers that are installed: ${names(false)}`, advice },
  ];
}

function runtimeProblem({ platform, arch, libc }: MachineFacts, reason: string): ProviderProblem {
  const base = "onnxruntime-node cannot be loaded";
  if (libc?.kind === "musl") {
    return {
      reason: `${base}: it is built for glibc, and this system has musl (Alpine)`,
      advice: "use an image with glibc, such as node:22-slim",
    };
  }
  if (libc?.kind === "glibc" && compareVersions(libc.version, MIN_GLIBC) < 0) {
    return {
      reason: `${base}: it needs glibc ${MIN_GLIBC} or later, this system has ${libc.version}`,
      advice: "use a newer system, such as Debian 12 or Ubuntu 22.04",
    };
  }
  if (platform === "darwin" && arch === "x64") {
    return {
      reason: `${base}: it has no build for Macs with an Intel processor`,
      advice: "use a Mac with Apple silicon and a Node for arm64",
    };
  }
  return { reason: `${base} on ${platform}/${arch}: ${reason}`, advice: "install it again" };
}

/** The newest symbol version that the libraries of onnxruntime-node 1.30 ask for. */
const MIN_GLIBC = "2.28";

/** What ONNX Runtime said, without the places in its source; the loader's own words are only on stderr. */
function refusal({ message, details }: Extract<ProbeOutcome, { kind: "refused" }>): string {
  const loader = /with error: (.+)/.exec(details)?.[1];
  const text = (loader ?? message).replace(/^\S*\/onnxruntime_src\/\S+ .*? was false\. /, "");
  return text.trim().replaceAll(/\s+/g, " ");
}

function lastLine(details: string): string {
  const line = details.trim().split("\n").at(-1)?.trim() ?? "";
  return line === "" ? "" : ` (${line})`;
}
