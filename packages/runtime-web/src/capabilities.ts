// What this browser has for an encoder, in plain words.

import { type AdapterFacts, adapterFacts } from "./worker/adapter-facts.ts";
import { NOT_ISOLATED, wasmThreads } from "./wasm-threads.ts";

/** A way to compute, and what is to be said of it. */
export interface Capability {
  readonly available: boolean;
  /** Why it is not there, or not as good as it could be; a sentence each. */
  readonly notes: readonly string[];
}

/** What `capabilities` found. */
export interface WebCapabilities {
  readonly webgpu: Capability & { readonly adapter: AdapterFacts | undefined };
  readonly wasm: Capability & {
    /** Threads that a session gets by default. */
    readonly threads: number;
  };
  readonly crossOriginIsolated: boolean;
  /** Memory of the device in bytes as far as the browser tells: a power of two, at most 8 GiB. */
  readonly deviceMemory: number | undefined;
}

/** Looks at this browser. Makes no device and loads nothing. */
export async function capabilities(): Promise<WebCapabilities> {
  const memory = (navigator as { readonly deviceMemory?: number }).deviceMemory;
  return {
    webgpu: await webgpu(),
    wasm: {
      available: typeof WebAssembly === "object",
      threads: wasmThreads(),
      notes: [
        ...(crossOriginIsolated ? [] : [`WebAssembly has one thread: ${NOT_ISOLATED}`]),
        "WebAssembly has at most 4 GiB of memory for weights and results together",
      ],
    },
    crossOriginIsolated,
    deviceMemory: memory === undefined ? undefined : memory * 2 ** 30,
  };
}

async function webgpu(): Promise<WebCapabilities["webgpu"]> {
  if (!isSecureContext) {
    return missing("the page is not secure (https, or localhost): browsers give it no WebGPU");
  }
  const gpu = (navigator as { readonly gpu?: GPU }).gpu;
  if (gpu === undefined) return missing("this browser has no WebGPU");
  const found = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (found === null) {
    return missing(
      "the browser has WebGPU, but no adapter for it: there is no GPU, its driver is on the browser's block list, or hardware acceleration is turned off",
    );
  }
  const adapter = adapterFacts(found);
  const notes: string[] = [];
  if (adapter.software) {
    notes.push(`${SOFTWARE_NOTE} (${adapter.name})`);
  }
  if (!adapter.shaderF16) {
    notes.push("the adapter has no shader-f16: dtype f16 is not available, f32, q8 and q4 are");
  }
  return { available: true, adapter, notes };
}

function missing(note: string): WebCapabilities["webgpu"] {
  return { available: false, adapter: undefined, notes: [note] };
}

/** What a user must know of an adapter that is none. */
export const SOFTWARE_NOTE = "the WebGPU adapter is a program that computes on the CPU, not a GPU";
