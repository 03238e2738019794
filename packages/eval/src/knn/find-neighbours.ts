// The nearest rows of a bank by cosine similarity, exact: every query meets every row. Blocks of both bound the memory
// to one matrix of similarities, whatever the number of rows. Reference: facebookresearch/dino, eval_knn.py.

import type { GraphRuntime, Tensor } from "@internvit/model-core";

import { EvalError } from "../errors.ts";
import type { FeatureRows } from "./feature-rows.ts";
import { neighboursGraph } from "./neighbours-graph.ts";

/** What is searched for, and where. */
export interface NeighbourSearch {
  readonly queries: FeatureRows;
  readonly bank: FeatureRows;
  /** Neighbours of each query: k, or the largest of several. */
  readonly neighbours: number;
  /**
   * Rows of a block; default 2048 queries and 8192 of the bank. A session holds their product: 64 MiB, half of what one
   * buffer of WebGPU may have.
   */
  readonly queryBlock?: number;
  readonly bankBlock?: number;
  /** Stops between blocks. */
  readonly signal?: AbortSignal;
  /** Called after every block with the number of similarities computed so far, of queries × bank. */
  readonly onProgress?: (done: number) => void;
}

/** Neighbours of a block of queries, the nearest first; of equally near rows the one with the lower index. */
export interface Neighbours {
  /** The first query of the block. */
  readonly start: number;
  readonly count: number;
  readonly neighbours: number;
  /** Rows of the bank, [count, neighbours]. */
  readonly rows: Int32Array;
  /** Cosines, [count, neighbours]. */
  readonly similarities: Float32Array;
}

/**
 * Finds the neighbours of all queries, block by block.
 *
 * @throws EvalError `invalid-argument` for widths that differ and for more neighbours than the bank has rows,
 *   `invalid-data` for a feature that is not a finite number
 */
export async function* findNeighbours(
  runtime: GraphRuntime,
  search: NeighbourSearch,
): AsyncGenerator<Neighbours> {
  const { queries, bank, neighbours, signal, onProgress = () => {} } = search;
  const { queryBlock = 2048, bankBlock = 8192 } = search;
  checkSearch(search, Math.min(queryBlock, bankBlock));
  const graph = neighboursGraph({ width: bank.width, neighbours });
  await using session = await runtime.load(graph, signal === undefined ? {} : { signal });
  // Each part has at least half as many rows, enough for its nearest.
  const parts = evenParts(bank.length, Math.max(bankBlock, 2 * neighbours));
  let done = 0;
  for (const [start, end] of evenParts(queries.length, queryBlock)) {
    const found = noNeighbours(start, { count: end - start, neighbours });
    const rows = matrix(await queries.read(start, end, signal), queries.width);
    checkFinite(rows, { what: "queries", start });
    let next = bank.read(...parts[0]!, signal);
    for (const [at, [first, last]] of parts.entries()) {
      signal?.throwIfAborted();
      const part = matrix(await next, bank.width);
      if (start === 0) checkFinite(part, { what: "the bank", start: first });
      // A copy of the queries, because the session takes what it is given: without one, the bank would be copied.
      const feeds = { queries: { ...rows, data: rows.data.slice() }, bank: part };
      const running = session.run(feeds, {
        move: true,
        ...(signal === undefined ? {} : { signal }),
      });
      // Read while the session computes. Its failure is told when it is waited for.
      const following = parts[at + 1];
      if (following !== undefined) {
        next = bank.read(...following, signal);
        next.catch(() => {});
      }
      keepNearest(found, { results: await running, offset: first });
      done += (end - start) * (last - first);
      onProgress(done);
    }
    yield found;
  }
}

function checkSearch({ queries, bank, neighbours }: NeighbourSearch, block: number): void {
  if (queries.width !== bank.width) {
    throw new EvalError(
      "invalid-argument",
      `queries of ${queries.width} features in a bank of ${bank.width}`,
    );
  }
  if (!Number.isInteger(neighbours) || neighbours < 1 || neighbours > bank.length) {
    throw new EvalError(
      "invalid-argument",
      `neighbours: expected from 1 to ${bank.length}, the rows of the bank, found ${neighbours}`,
    );
  }
  if (!(block >= 1)) throw new EvalError("invalid-argument", `a block of ${block} rows`);
}

/** Parts of at most `size`, all nearly equal: of several, none has less than half. */
function evenParts(length: number, size: number): readonly (readonly [number, number])[] {
  const count = Math.ceil(length / size);
  const bound = (part: number): number => Math.floor((part * length) / count);
  return Array.from({ length: count }, (_, part) => [bound(part), bound(part + 1)]);
}

function matrix(data: Float32Array<ArrayBuffer>, width: number): Tensor<"float32"> {
  return { dtype: "float32", shape: [data.length / width, width], data };
}

/** Refuses features that are no numbers: what is nearest to them depends on how a sort compares. */
function checkFinite(
  { data, shape }: Tensor<"float32">,
  { what, start }: { readonly what: string; readonly start: number },
): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = start + Math.floor(at / shape[1]!);
  throw new EvalError("invalid-data", `row ${row} of ${what}: a feature is ${data[at]}`);
}

function noNeighbours(
  start: number,
  { count, neighbours }: { readonly count: number; readonly neighbours: number },
): Neighbours {
  return {
    start,
    count,
    neighbours,
    rows: new Int32Array(count * neighbours).fill(-1),
    similarities: new Float32Array(count * neighbours).fill(-Infinity),
  };
}

/** Merges the nearest of a later part of the bank: of equals, those found before stay ahead. */
function keepNearest(
  { count, neighbours, rows, similarities }: Neighbours,
  {
    results,
    offset,
  }: { readonly results: Readonly<Record<string, Tensor>>; readonly offset: number },
): void {
  const foundRows = results["rows"]!.data as BigInt64Array;
  const found = results["similarities"]!.data as Float32Array;
  for (let query = 0; query < count; query += 1) {
    const [begin, end] = [query * neighbours, (query + 1) * neighbours];
    for (let at = begin; at < end; at += 1) {
      const similarity = found[at]!;
      let place = end;
      while (place > begin && similarity > similarities[place - 1]!) place -= 1;
      // The results descend: none of the others of this query is nearer.
      if (place === end) break;
      similarities.copyWithin(place + 1, place, end - 1);
      rows.copyWithin(place + 1, place, end - 1);
      similarities[place] = similarity;
      rows[place] = offset + Number(foundRows[at]!);
    }
  }
}
