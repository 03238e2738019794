// Reads the facts of this machine. Nothing here judges, and nothing that is missing is an error.

import { readdirSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

import { readCpuFlags } from "../cpu-flags.ts";
import { availableCpus } from "../cpu-limit.ts";
import { readRuntimeBuild } from "../providers/probe-provider.ts";
import { CUDA_LIBRARIES, TENSORRT_LIBRARIES } from "./cuda-requirements.ts";
import { onnxruntimeInstallation } from "./onnxruntime-installation.ts";
import { findLibrary, readInstalledLibraries } from "./linux-libraries.ts";
import type { LibcFacts, MachineFacts, OnnxruntimeFacts } from "./machine-facts.ts";
import { readNvidia } from "./nvidia-facts.ts";
import { readVulkanDrivers } from "./vulkan-facts.ts";

const VARIABLES = [
  "CUDA_VISIBLE_DEVICES",
  "LD_LIBRARY_PATH",
  "NVIDIA_TF32_OVERRIDE",
  "VK_ADD_DRIVER_FILES",
  "VK_DRIVER_FILES",
  "VK_ICD_FILENAMES",
] as const;

/** The facts of the machine that this process runs on. */
export async function gatherFacts(
  options: { readonly signal?: AbortSignal } = {},
): Promise<MachineFacts> {
  const { platform, arch, env } = process;
  const isLinux = platform === "linux";
  const libraries = isLinux ? await readInstalledLibraries(env) : undefined;
  const limit = process.constrainedMemory?.() ?? 0;
  const memory = totalmem();
  return {
    platform,
    arch,
    release: release(),
    libc: isLinux ? readLibc() : undefined,
    cpu: {
      model: cpus()[0]?.model.trim() ?? "unknown processor",
      cores: cpus().length,
      usableCores: availableCpus(),
      flags: isLinux ? await readCpuFlags() : [],
    },
    memory: { total: memory, limit: limit > 0 && limit < memory ? limit : undefined },
    node: process.versions.node,
    onnxruntime: await readOnnxruntime(options),
    nvidia: await readNvidia(platform),
    libraries:
      libraries === undefined || arch !== "x64"
        ? []
        : [...CUDA_LIBRARIES, ...TENSORRT_LIBRARIES].map((name) => findLibrary(name, libraries)),
    vulkan:
      libraries === undefined
        ? undefined
        : {
            loader: libraries.reachable.get("libvulkan.so.1"),
            drivers: await readVulkanDrivers(env),
          },
    environment: Object.fromEntries(
      VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
    ),
  };
}

function readLibc(): LibcFacts {
  const { header } = process.report.getReport() as unknown as {
    readonly header: { readonly glibcVersionRuntime?: string };
  };
  const version = header.glibcVersionRuntime;
  return version === undefined ? { kind: "musl" } : { kind: "glibc", version };
}

async function readOnnxruntime(options: {
  readonly signal?: AbortSignal;
}): Promise<OnnxruntimeFacts> {
  const folder = onnxruntimeInstallation()?.folder;
  return {
    build: await readRuntimeBuild(options),
    folder,
    files: folder === undefined ? [] : readdirSync(folder).sort(),
  };
}
