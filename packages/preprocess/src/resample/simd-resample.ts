// Runs the SIMD kernels over blocks that fit their small fixed memory. A block is as many output rows as have all
// the rows they are made from in memory; those come from the horizontal pass and never leave the memory, and what
// two blocks share is made once. The memory never grows, whatever the picture's size; where a block of one row does
// not fit (pictures many thousand pixels wide), the plain JavaScript passes run instead, with equal results.

import type { Kernels } from "../kernels/load-kernels.ts";
import type { Resample, ResampleJob } from "./resample-job.ts";
import { scalarResample } from "./scalar-resample.ts";
import { columnEntryBytes, lineEntryBytes, writeColumnTaps, writeLineTaps } from "./simd-taps.ts";
import type { TapTable } from "./taps.ts";

// Source rows are copied in so many bytes at a time, to be read again while they are in the cache.
const SOURCE_BYTES = 64 * 1024;
// Vector loads and stores run past the end of a row, into bytes that are multiplied by zero or overwritten.
const SLACK = 64;

/** The passes in WebAssembly SIMD. */
export function createSimdResample(kernels: Kernels): Resample {
  const view = new DataView(kernels.memory.buffer);
  return (job) => {
    const layout = layOut(job, kernels.memory.length);
    if (layout === undefined) return scalarResample(job);
    const run = { kernels, view, job, layout };
    if (job.columns !== undefined) writeColumnTaps(view, job.columns);
    if (job.lines === undefined) withoutLines(run);
    else withLines(run, job.lines);
  };
}

/** Addresses, after the taps along x at 0, and how many rows there is room for. */
interface Layout {
  /** Taps along y of one block. */
  readonly lineTaps: number;
  /** Source rows, where there are taps along x: an even number, because the kernel makes them in pairs. */
  readonly source: number;
  readonly sourceRows: number;
  /** Rows between the passes. */
  readonly between: number;
  readonly betweenRows: number;
  /** Rows of the result, where there are taps along y. */
  readonly target: number;
  readonly targetRows: number;
}

/** Undefined where the job does not fit. */
function layOut(job: ResampleJob, memoryBytes: number): Layout | undefined {
  const { sourceStride, rows, rowBytes, columns, lines } = job;
  const lineTaps = columns === undefined ? 0 : align(columns.outputs * columnEntryBytes(columns));
  const room = memoryBytes - lineTaps - SLACK * 4;
  // The last tap of the last row may be padding that reaches past the row.
  const sourceSlack = columns === undefined ? 0 : columns.stride * 3 + SLACK;
  const sourceRows =
    columns === undefined ? 0 : Math.max(2, Math.floor(SOURCE_BYTES / sourceStride) & ~1);
  const left = room - sourceRows * sourceStride - sourceSlack;
  const entryBytes = lines === undefined ? 0 : lineEntryBytes(lines);
  // A quarter of what is left for results and their taps.
  const targetRows =
    lines === undefined
      ? 0
      : Math.min(lines.outputs, Math.floor(left / 4 / (rowBytes + entryBytes)));
  // One row more, which a padding tap may touch.
  const spare = left - targetRows * (rowBytes + entryBytes) - rowBytes;
  const betweenRows = Math.min(rows, Math.floor(spare / rowBytes));
  const needed = lines === undefined ? 1 : largest(lines.counts);
  if (betweenRows < needed || (lines !== undefined && targetRows < 1)) return undefined;
  const source = align(lineTaps + targetRows * entryBytes);
  const between = align(source + sourceRows * sourceStride + sourceSlack);
  const target = align(between + (betweenRows + 1) * rowBytes + SLACK);
  return { lineTaps, source, sourceRows, between, betweenRows, target, targetRows };
}

interface Run {
  readonly kernels: Kernels;
  readonly view: DataView;
  readonly job: ResampleJob;
  readonly layout: Layout;
}

function withoutLines(run: Run): void {
  const { kernels, job, layout } = run;
  const { rows, rowBytes, target } = job;
  const { between, betweenRows } = layout;
  for (let first = 0; first < rows; first += betweenRows) {
    const end = Math.min(first + betweenRows, rows);
    makeRows(run, { first, end, at: between });
    const made = kernels.memory.subarray(between, between + (end - first) * rowBytes);
    target.set(made, first * rowBytes);
  }
}

function withLines(run: Run, taps: TapTable): void {
  const { kernels, view, job, layout } = run;
  const { memory } = kernels;
  const { rowBytes, target } = job;
  const { between, betweenRows, targetRows } = layout;
  const { outputs, starts, counts } = taps;
  let first = 0;
  // The rows in memory: [haveFirst, haveEnd).
  let haveFirst = 0;
  let haveEnd = 0;
  while (first < outputs) {
    const firstRow = starts[first]!;
    let end = first;
    let endRow = firstRow;
    while (end < outputs && end - first < targetRows) {
      const needed = starts[end]! + counts[end]!;
      if (needed - firstRow > betweenRows) break;
      endRow = Math.max(endRow, needed);
      end++;
    }
    const kept = Math.max(haveEnd - firstRow, 0);
    const from = between + (haveEnd - kept - haveFirst) * rowBytes;
    memory.copyWithin(between, from, from + kept * rowBytes);
    makeRows(run, { first: firstRow + kept, end: endRow, at: between + kept * rowBytes });
    haveFirst = firstRow;
    haveEnd = Math.max(endRow, firstRow + kept);
    writeLineTaps(view, { at: layout.lineTaps, taps, first, end, firstRow, rowBytes });
    kernels.vertical(
      between,
      rowBytes,
      layout.target,
      end - first,
      layout.lineTaps,
      lineEntryBytes(taps),
    );
    const made = memory.subarray(layout.target, layout.target + (end - first) * rowBytes);
    target.set(made, first * rowBytes);
    first = end;
  }
}

/** Puts the rows `[first, end)` between the passes to the address `at`. */
function makeRows(
  run: Run,
  block: { readonly first: number; readonly end: number; readonly at: number },
): void {
  const { kernels, job, layout } = run;
  const { memory } = kernels;
  const { source, sourceStride, rowBytes, columns } = job;
  const { end } = block;
  let { first, at } = block;
  if (columns === undefined) {
    if (rowBytes === sourceStride) {
      memory.set(source.subarray(first * rowBytes, end * rowBytes), at);
      return;
    }
    for (; first < end; first++, at += rowBytes) {
      memory.set(source.subarray(first * sourceStride, first * sourceStride + rowBytes), at);
    }
    return;
  }
  const tapBytes = columns.stride * 4;
  while (first < end) {
    const count = Math.min(layout.sourceRows, end - first);
    const rows = source.subarray(first * sourceStride, (first + count) * sourceStride);
    memory.set(rows, layout.source);
    kernels.horizontal(layout.source, sourceStride, count, at, columns.outputs, 0, tapBytes);
    first += count;
    at += count * rowBytes;
  }
}

function largest(counts: Int32Array): number {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  return most;
}

function align(address: number): number {
  return (address + 15) & ~15;
}
