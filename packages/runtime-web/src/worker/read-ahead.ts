// Weights of a server, read a little ahead of their use. What will be read is known, in order (`DerivedGroup.reads`): it
// is cut into windows of some tensors, the tensors of a window that stand near one another are asked for together, and
// while one window is used the next is on its way. So a fast connection is used well, and memory stays bounded.

import type { WeightSlice } from "@internvit/model-core";

import { freeBuffer } from "./free-buffer.ts";

/** Reads bytes that only the page has. */
export type AskForBytes = (file: string, start: number, end: number) => Promise<Uint8Array>;

/** Tensors are put into a window until it has as much. A larger tensor has one of its own. */
const WINDOW_BYTES = 8 * 2 ** 20;
/** Longest request: a connection that breaks loses no more. */
const RANGE_BYTES = 8 * 2 ** 20;
/** What is fetched without need rather than asked for around: a request costs about as much time. */
const GAP_BYTES = 2 ** 17;

type Place = Pick<WeightSlice, "file" | "start" | "byteLength">;

interface Window {
  readonly places: Place[];
  byteLength: number;
}

/** The bytes of `reads`, each as often as it stands there; other places are refused. */
export function readAhead(
  reads: readonly Place[],
  ask: AskForBytes,
): (place: Place) => Promise<Uint8Array> {
  const uses = new Map<string, number>();
  for (const place of reads) uses.set(keyOf(place), (uses.get(keyOf(place)) ?? 0) + 1);
  const { windows, windowOf } = toWindows(reads);
  const fetched = new Map<string, Promise<Uint8Array>>();
  let begun = 0;

  const begin = (index: number): void => {
    for (; begun <= index && begun < windows.length; begun++) {
      for (const [key, bytes] of fetchWindow(windows[begun]!.places, ask)) {
        // Whoever reads it hears of a failure; it may be that nobody does.
        bytes.catch(() => undefined);
        fetched.set(key, bytes);
      }
    }
  };
  return async (place) => {
    const key = keyOf(place);
    const index = windowOf.get(key);
    const left = uses.get(key) ?? 0;
    if (index === undefined || left === 0) throw new Error(`an unplanned read of ${key}`);
    begin(index);
    const next = windows[index + 1];
    if (next !== undefined && next.byteLength <= 2 * WINDOW_BYTES) begin(index + 1);
    uses.set(key, left - 1);
    const bytes = await fetched.get(key)!;
    if (left === 1) {
      fetched.delete(key);
      return bytes;
    }
    return bytes.slice();
  };
}

function keyOf({ file, start, byteLength }: Place): string {
  return `${file}:${start}+${byteLength}`;
}

function toWindows(reads: readonly Place[]): {
  readonly windows: readonly Window[];
  readonly windowOf: ReadonlyMap<string, number>;
} {
  const windows: Window[] = [];
  const windowOf = new Map<string, number>();
  for (const place of reads) {
    const key = keyOf(place);
    if (windowOf.has(key)) continue;
    let last = windows.at(-1);
    if (last === undefined || last.byteLength + place.byteLength > WINDOW_BYTES) {
      last = { places: [], byteLength: 0 };
      windows.push(last);
    }
    last.places.push(place);
    last.byteLength += place.byteLength;
    windowOf.set(key, windows.length - 1);
  }
  return { windows, windowOf };
}

/** Asks for the places of a window in as few ranges as there may be. */
function fetchWindow(
  places: readonly Place[],
  ask: AskForBytes,
): ReadonlyMap<string, Promise<Uint8Array>> {
  const results = new Map<string, Promise<Uint8Array>>();
  for (const run of toRuns(places)) {
    const { file, start, end } = run;
    const ranges: (readonly [number, number])[] = [];
    for (let at = start; at < end; at += RANGE_BYTES) {
      ranges.push([at, Math.min(end, at + RANGE_BYTES)]);
    }
    const arrived = ranges.map(([from, to]) => ask(file, from, to));
    const assembled = run.places.map((place) => assemble(place, { ranges, arrived }));
    for (const [index, place] of run.places.entries()) {
      results.set(keyOf(place), assembled[index]!);
    }
    void freeRanges(assembled, arrived);
  }
  return results;
}

interface Run {
  readonly file: string;
  readonly start: number;
  end: number;
  readonly places: Place[];
}

function toRuns(places: readonly Place[]): readonly Run[] {
  const runs: Run[] = [];
  const ordered = places.toSorted((a, b) =>
    a.file === b.file ? a.start - b.start : a.file < b.file ? -1 : 1,
  );
  for (const place of ordered) {
    const { file, start, byteLength } = place;
    const last = runs.at(-1);
    if (last?.file === file && start <= last.end + GAP_BYTES) {
      last.places.push(place);
      last.end = Math.max(last.end, start + byteLength);
    } else {
      runs.push({ file, start, end: start + byteLength, places: [place] });
    }
  }
  return runs;
}

/** A place's bytes, in a buffer of their own, out of the ranges that it is in. */
async function assemble(
  { start, byteLength }: Place,
  from: {
    readonly ranges: readonly (readonly [number, number])[];
    readonly arrived: readonly Promise<Uint8Array>[];
  },
): Promise<Uint8Array> {
  const end = start + byteLength;
  const [only, another] = from.ranges;
  if (another === undefined && only?.[0] === start && only[1] === end) return from.arrived[0]!;
  const bytes = new Uint8Array(byteLength);
  await Promise.all(
    from.ranges.map(async ([first, last], index) => {
      if (last <= start || first >= end) return;
      const range = await from.arrived[index]!;
      const part = range.subarray(Math.max(0, start - first), Math.min(end, last) - first);
      bytes.set(part, Math.max(0, first - start));
    }),
  );
  return bytes;
}

/** What every place has copied its bytes out of is of no use any more. */
async function freeRanges(
  assembled: readonly Promise<Uint8Array>[],
  arrived: readonly Promise<Uint8Array>[],
): Promise<void> {
  const places = await Promise.allSettled(assembled);
  const used = new Set(
    places.flatMap((place) => (place.status === "fulfilled" ? [place.value.buffer] : [])),
  );
  for (const range of await Promise.allSettled(arrived)) {
    // One that is a place as it is went to the reader.
    if (range.status === "fulfilled" && !used.has(range.value.buffer)) {
      freeBuffer(range.value.buffer);
    }
  }
}
