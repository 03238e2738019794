// Runs the WebAssembly passes over blocks that fit a small fixed memory: the taps first, then a block of source
// rows, then the rows made from it. The memory never grows, whatever the picture's size; where even two rows do
// not fit (pictures many thousand pixels wide), the plain JavaScript pass runs instead, with equal results.

import type { PassJob, Passes } from "./passes.ts";
import { scalarPasses } from "./scalar-passes.ts";
import { buildSimdModule, LOW_BITS } from "./simd-module.ts";
import type { TapTable } from "./taps.ts";

// 2 MiB: a block of rows stays in the second-level cache of current CPUs.
const PAGES = 32;
const MEMORY_BYTES = PAGES * 65536;
// Vector loads and stores run past the end of a row, into bytes that are multiplied by zero or overwritten.
const SLACK = 64;

interface SimdExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  horizontal(
    source1: number,
    source2: number,
    target1: number,
    target2: number,
    targetEnd1: number,
    taps: number,
    tapBytes: number,
  ): void;
  vertical(
    source: number,
    sourceStride: number,
    target: number,
    targetEnd: number,
    taps: number,
  ): void;
}

// The part of the WebAssembly API that is used; absent or forbidden in some environments.
interface WasmGlobal {
  readonly WebAssembly?: {
    validate(bytes: Uint8Array<ArrayBuffer>): boolean;
    readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
}

/** The SIMD passes, or undefined where WebAssembly SIMD is missing or a content policy forbids it. */
export function createSimdPasses(): Passes | undefined {
  const { WebAssembly } = globalThis as WasmGlobal;
  const bytes = buildSimdModule({ pages: PAGES });
  try {
    if (WebAssembly?.validate(bytes) !== true) return undefined;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    return simdPasses(instance.exports as SimdExports);
  } catch {
    // A content security policy without 'wasm-unsafe-eval' throws; the JavaScript passes give equal results.
    return undefined;
  }
}

function simdPasses(wasm: SimdExports): Passes {
  const memory = new Uint8Array(wasm.memory.buffer);
  const view = new DataView(wasm.memory.buffer);
  return {
    horizontal(job) {
      if (!horizontal(wasm, { memory, view, job })) scalarPasses.horizontal(job);
    },
    vertical(job) {
      if (!vertical(wasm, { memory, view, job })) scalarPasses.vertical(job);
    },
  };
}

interface Run {
  readonly memory: Uint8Array;
  readonly view: DataView;
  readonly job: PassJob;
}

function horizontal(wasm: SimdExports, run: Run): boolean {
  const { memory, view, job } = run;
  const { source, sourceStride, rows, target, taps } = job;
  const tapBytes = taps.stride * 4;
  const sourceStart = align(taps.outputs * (4 + tapBytes));
  const targetStride = taps.outputs * 3;
  // The last tap of the last row may be padding that reaches past the row.
  const slack = taps.stride * 3 + SLACK;
  const room = MEMORY_BYTES - sourceStart - slack - SLACK;
  // Rows go in pairs: an odd last one is computed twice.
  const blockRows = Math.floor(room / (sourceStride + targetStride)) & ~1;
  if (blockRows < 2) return false;
  writeHorizontalTaps(view, taps);
  const targetStart = align(sourceStart + blockRows * sourceStride + slack);
  for (let first = 0; first < rows; first += blockRows) {
    const count = Math.min(blockRows, rows - first);
    memory.set(source.subarray(first * sourceStride, (first + count) * sourceStride), sourceStart);
    for (let y = 0; y < count; y += 2) {
      const second = Math.min(y + 1, count - 1);
      const out = targetStart + y * targetStride;
      wasm.horizontal(
        sourceStart + y * sourceStride,
        sourceStart + second * sourceStride,
        out,
        targetStart + second * targetStride,
        out + targetStride,
        0,
        tapBytes,
      );
    }
    const made = memory.subarray(targetStart, targetStart + count * targetStride);
    target.set(made, first * targetStride);
  }
  return true;
}

function vertical(wasm: SimdExports, run: Run): boolean {
  const { memory, view, job } = run;
  const { source, sourceStride, target, taps } = job;
  const { outputs, starts, counts } = taps;
  const entryBytes = 8 + taps.stride * 4;
  const sourceStart = align(outputs * entryBytes);
  const room = MEMORY_BYTES - sourceStart - 4 * SLACK;
  // A quarter of the memory for results, the rest (and one row that padding taps may touch) for source rows.
  const targetRows = Math.min(outputs, Math.floor(room / 4 / sourceStride));
  const sourceRows = Math.floor((room - targetRows * sourceStride) / sourceStride) - 1;
  if (targetRows < 1 || sourceRows < largest(counts)) return false;
  const targetStart = align(sourceStart + (sourceRows + 1) * sourceStride + SLACK);
  let first = 0;
  while (first < outputs) {
    // As many outputs as have all their source rows in one block.
    const firstRow = starts[first]!;
    let end = first;
    let endRow = firstRow;
    while (end < outputs && end - first < targetRows) {
      const needed = starts[end]! + counts[end]!;
      if (needed - firstRow > sourceRows) break;
      endRow = Math.max(endRow, needed);
      end++;
    }
    memory.set(source.subarray(firstRow * sourceStride, endRow * sourceStride), sourceStart);
    writeVerticalTaps(view, { taps, first, end, firstRow, sourceStride });
    for (let y = first; y < end; y++) {
      const out = targetStart + (y - first) * sourceStride;
      const entry = (y - first) * entryBytes;
      wasm.vertical(sourceStart, sourceStride, out, out + sourceStride, entry);
    }
    const bytes = (end - first) * sourceStride;
    target.set(memory.subarray(targetStart, targetStart + bytes), first * sourceStride);
    first = end;
  }
  return true;
}

function largest(counts: Int32Array): number {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  return most;
}

function writeHorizontalTaps(view: DataView, taps: TapTable): void {
  const { outputs, stride, starts, weights } = taps;
  let at = 0;
  for (let i = 0; i < outputs; i++) {
    view.setInt32(at, starts[i]! * 3, true);
    at += 4;
    for (let k = i * stride; k < (i + 1) * stride; k += 4) {
      for (let j = 0; j < 4; j++) {
        const weight = weights[k + j]!;
        view.setInt16(at + 2 * j, weight >> LOW_BITS, true);
        view.setInt16(at + 8 + 2 * j, weight & ((1 << LOW_BITS) - 1), true);
      }
      at += 16;
    }
  }
}

interface VerticalTaps {
  readonly taps: TapTable;
  readonly first: number;
  readonly end: number;
  readonly firstRow: number;
  readonly sourceStride: number;
}

function writeVerticalTaps(view: DataView, block: VerticalTaps): void {
  const { taps, first, end, firstRow, sourceStride } = block;
  const { stride, starts, counts, weights } = taps;
  const entryBytes = 8 + stride * 4;
  for (let i = first; i < end; i++) {
    const entry = (i - first) * entryBytes;
    const pairs = (counts[i]! + 1) >> 1;
    view.setInt32(entry, (starts[i]! - firstRow) * sourceStride, true);
    view.setInt32(entry + 4, pairs * 8, true);
    for (let k = 0; k < pairs * 2; k++) {
      const weight = weights[i * stride + k]!;
      const at = entry + 8 + (k >> 1) * 8 + (k & 1) * 2;
      view.setInt16(at, weight >> LOW_BITS, true);
      view.setInt16(at + 4, weight & ((1 << LOW_BITS) - 1), true);
    }
  }
}

function align(address: number): number {
  return (address + 15) & ~15;
}
