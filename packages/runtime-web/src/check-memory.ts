// Refuses a model that does not fit before it is read: a tab that runs out of memory is ended without a word.

import type { GraphModel } from "@internvit/model-core";

import { isAppleMobile } from "./apple-mobile.ts";
import type { WebDtype } from "./choose-weights.ts";
import { RuntimeError } from "./errors.ts";
import { memoryNeed, type MemoryQuestion, roughNeed } from "./memory-need.ts";
import type { AdapterFacts } from "./worker/adapter-facts.ts";

/** A limit in bytes, and whose it is. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly what: string;
}

/** What there is, as far as a browser tells. */
export interface MemoryThere {
  /** With `webgpu`. */
  readonly adapter: AdapterFacts | undefined;
  /** GiB, as `navigator.deviceMemory` has it. */
  readonly deviceMemory: number | undefined;
  readonly appleMobile: boolean;
}

/** This browser's. */
export function memoryHere(adapter: AdapterFacts | undefined): MemoryThere {
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  return { adapter, deviceMemory, appleMobile: isAppleMobile() };
}

const GIB = 2 ** 30;

/** At this value and above browsers may mean more. */
const DEVICE_MEMORY_TOP = 8;

/** The limit for all that a session takes; undefined where none is known. */
export function memoryLimit(there: MemoryThere): MemoryLimit | undefined {
  const limits: MemoryLimit[] = [];
  if (there.adapter === undefined) limits.push({ bytes: 4 * GIB, what: "WebAssembly" });
  // From reports of tabs that were ended; nobody tells the number, and it was not measured.
  if (there.appleMobile) limits.push({ bytes: GIB, what: "a tab on iOS" });
  const { deviceMemory = DEVICE_MEMORY_TOP } = there;
  if (deviceMemory < DEVICE_MEMORY_TOP) {
    limits.push({ bytes: deviceMemory * GIB, what: "this device" });
  }
  return limits.toSorted((a, b) => a.bytes - b.bytes)[0];
}

/**
 * Holds a session's need against what there is.
 *
 * @throws RuntimeError `unsupported` with the need, the limit, and what would fit.
 */
export function checkMemory(
  model: GraphModel,
  options: MemoryQuestion & { readonly dtype: WebDtype; readonly there: MemoryThere },
): void {
  const { there, batchSize } = options;
  const need = memoryNeed(model, options);
  const limit = memoryLimit(there);
  if (limit !== undefined && need.total > limit.bytes) {
    const fits = (question: MemoryQuestion, dtype = options.dtype): boolean =>
      roughNeed(dtype, question) <= limit.bytes;
    throw tooLarge({
      what: `the session needs about ${gib(need.total)} (${gib(need.weights)} of weights, the rest for ${pictures(batchSize)})`,
      limit,
      fitting: fitting(options, fits),
    });
  }
  if (there.adapter === undefined) return;
  const { maxBufferBytes, maxBindingBytes, name } = there.adapter;
  const bytes = Math.min(maxBufferBytes, maxBindingBytes);
  const fits = (largest: number): boolean => largest <= bytes;
  const buffer = { bytes, what: `a buffer of ${name}` };
  if (!fits(need.largestWeight)) {
    const what = `the largest tensor of weights has ${gib(need.largestWeight)}`;
    throw tooLarge({ what, limit: buffer, fitting: [`executionProvider "wasm"`] });
  }
  if (!fits(need.largestResult)) {
    const most = Math.floor((batchSize * bytes) / need.largestResult);
    throw tooLarge({
      what: `the largest result of ${pictures(batchSize)} has ${gib(need.largestResult)}`,
      limit: buffer,
      fitting: most >= 1 ? [`batchSize ${most}`] : ["smaller pictures"],
    });
  }
}

function fitting(
  options: MemoryQuestion & { readonly dtype: WebDtype; readonly there: MemoryThere },
  fits: (question: MemoryQuestion, dtype?: WebDtype) => boolean,
): readonly string[] {
  const smaller = options.batchSize > 1 ? largestBatch(options, fits) : 0;
  const dtypes: readonly WebDtype[] =
    options.there.adapter?.shaderF16 === true ? ["f16", "q8", "q4"] : ["q8", "q4"];
  return [
    ...(smaller === 0 ? [] : [`batchSize ${smaller}`]),
    ...dtypes
      .filter((dtype) => dtype !== options.dtype && fits(options, dtype))
      .map((dtype) => `dtype "${dtype}"`),
  ];
}

function largestBatch(
  options: MemoryQuestion,
  fits: (question: MemoryQuestion) => boolean,
): number {
  let batchSize = options.batchSize - 1;
  while (batchSize > 0 && !fits({ ...options, batchSize })) batchSize--;
  return batchSize;
}

function tooLarge(options: {
  readonly what: string;
  readonly limit: MemoryLimit;
  readonly fitting: readonly string[];
}): RuntimeError {
  const { what, limit, fitting } = options;
  const would =
    fitting.length === 0
      ? "no other dtype or batch size would fit"
      : `would fit: ${fitting.join(", ")}`;
  return new RuntimeError(
    "unsupported",
    `${what}, but ${limit.what} has at most ${gib(limit.bytes)}; ${would}`,
  );
}

function gib(bytes: number): string {
  return bytes >= GIB / 10
    ? `${(bytes / GIB).toFixed(1)} GiB`
    : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

function pictures(count: number): string {
  return count === 1 ? "1 picture" : `${count} pictures at a time`;
}
