// What a machine has that decides which execution providers can be used: plain data, gathered in one place
// (gather-facts.ts) and judged in others, so that machines that nobody here has can be judged from written-down facts.

import type { RuntimeBuild } from "../providers/probe-provider.ts";

/** The C library that programs are linked against on Linux. */
export type LibcFacts =
  | { readonly kind: "glibc"; readonly version: string }
  | { readonly kind: "musl" };

/** The processor. */
export interface CpuFacts {
  readonly model: string;
  /** Logical cores of the machine. */
  readonly cores: number;
  /** Logical cores that this process may use at a time. */
  readonly usableCores: number;
  /** Instruction sets that matter for matrix products, such as `avx512f`; empty where they cannot be read. */
  readonly flags: readonly string[];
}

/** Memory in bytes. */
export interface MemoryFacts {
  readonly total: number;
  /** What a container may use, when that is less. */
  readonly limit: number | undefined;
}

/** The installed onnxruntime-node. */
export interface OnnxruntimeFacts {
  readonly build: RuntimeBuild;
  /** Folder of its native libraries; undefined when the package is not found. */
  readonly folder: string | undefined;
  /** The files in it. */
  readonly files: readonly string[];
}

/** NVIDIA's kernel driver and cards; undefined in `MachineFacts` without any sign of them. */
export interface NvidiaFacts {
  /** Such as `580.159.04`; undefined when there is a card and no driver that runs. */
  readonly driver: string | undefined;
  readonly cards: readonly string[];
}

/** A library that a provider needs. */
export interface LibraryFacts {
  /** With its version, such as `libcudnn.so.9`. */
  readonly name: string;
  /** Where it is; undefined when it was not found. */
  readonly path: string | undefined;
  /** False when it is in a folder where the system's loader does not look. */
  readonly reachable: boolean;
  /** Other versions that are there, such as `libcudnn.so.8`. */
  readonly others: readonly string[];
}

/** A Vulkan driver, by the JSON file that the Vulkan loader reads. */
export interface VulkanDriver {
  readonly file: string;
  readonly library: string;
  /** Such as `NVIDIA`, `SwiftShader`. */
  readonly name: string;
  /** True for one that computes on the CPU. */
  readonly software: boolean;
}

/** Vulkan, which WebGPU runs over on Linux; undefined in `MachineFacts` on other systems. */
export interface VulkanFacts {
  /** Where libvulkan.so.1 is; undefined when the loader cannot be found. */
  readonly loader: string | undefined;
  readonly drivers: readonly VulkanDriver[];
}

/** A machine. */
export interface MachineFacts {
  /** As `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly arch: string;
  /** The kernel's or system's version. */
  readonly release: string;
  readonly libc: LibcFacts | undefined;
  readonly cpu: CpuFacts;
  readonly memory: MemoryFacts;
  readonly node: string;
  readonly onnxruntime: OnnxruntimeFacts;
  readonly nvidia: NvidiaFacts | undefined;
  /** Those that CUDA and TensorRT need; empty where they cannot be used anyway. */
  readonly libraries: readonly LibraryFacts[];
  readonly vulkan: VulkanFacts | undefined;
  /** Environment variables that have a say, as far as they are set. */
  readonly environment: Readonly<Record<string, string>>;
}
