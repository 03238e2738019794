// The compiled kernels (AssemblyScript in assembly/) with their memory. They are part of the package's JavaScript, so
// that nothing is fetched and no bundler has to know about WebAssembly files.

import { KERNELS_BASE64 } from "./kernel-bytes.generated.ts";

/** The kernels and the memory that they work in. Addresses and lengths are in bytes. */
export interface Kernels {
  /** All of it is scratch: a caller lays it out anew for every job. Its size is fixed. */
  readonly memory: Uint8Array<ArrayBuffer>;
  /** Resamples rows along x. */
  horizontal(
    source: number,
    sourceStride: number,
    rows: number,
    target: number,
    outputs: number,
    taps: number,
    tapBytes: number,
  ): void;
  /** Resamples columns along y. */
  vertical(
    source: number,
    stride: number,
    target: number,
    outputs: number,
    taps: number,
    entryBytes: number,
  ): void;
  /** Looks up every sample in its channel's table, and separates the channels. */
  normalize(
    source: number,
    pixels: number,
    target: number,
    planeBytes: number,
    tables: number,
  ): void;
  /** A row of a JPEG's chroma at twice the width. */
  enlarge(
    near: number,
    beside: number,
    columns: number,
    sums: number,
    target: number,
    left: number,
    right: number,
  ): void;
  /** A row of a JPEG's samples as colours. */
  colors(luma: number, blue: number, red: number, pixels: number, target: number): void;
}

// The part of the web platform that is used; WebAssembly is absent or forbidden in some environments.
interface Platform {
  readonly WebAssembly?: {
    validate(bytes: Uint8Array<ArrayBuffer>): boolean;
    readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
  readonly atob: (base64: string) => string;
}

/** The kernels, or undefined where WebAssembly SIMD is missing or a content policy forbids it. */
export function createKernels(platform: Platform = globalThis as never): Kernels | undefined {
  const { WebAssembly } = platform;
  if (WebAssembly === undefined) return undefined;
  const bytes = Uint8Array.from(platform.atob(KERNELS_BASE64), (letter) => letter.charCodeAt(0));
  try {
    if (!WebAssembly.validate(bytes)) return undefined;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const { memory, ...kernels } = exports as Omit<Kernels, "memory"> & {
      readonly memory: { readonly buffer: ArrayBuffer };
    };
    return { memory: new Uint8Array(memory.buffer), ...kernels };
  } catch {
    // A content security policy without 'wasm-unsafe-eval' throws; the JavaScript versions give equal results.
    return undefined;
  }
}

// Compiled once, when first needed.
let shared: { readonly kernels: Kernels | undefined } | undefined;

/** The kernels that all callers of this thread share; each is done with the memory before it returns. */
export function sharedKernels(): Kernels | undefined {
  shared ??= { kernels: createKernels() };
  return shared.kernels;
}
