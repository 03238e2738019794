// FFmpeg's `select` filter passes the frames for which an expression is not zero, `n` being the frame's number.

/** How many ranges of indices one expression may have: its text stays below the limits of a command line. */
const MAX_RANGES = 500;

/** Ascending indices cut into parts whose expressions are not too long. */
export function splitSelection(indices: readonly number[]): number[][] {
  const ranges = toRanges(indices);
  const parts: number[][] = [];
  for (let at = 0; at < ranges.length; at += MAX_RANGES) {
    const first = ranges[at]![0];
    const last = ranges[Math.min(at + MAX_RANGES, ranges.length) - 1]![1];
    parts.push(indices.filter((index) => index >= first && index <= last));
  }
  return parts;
}

/** The expression for ascending indices. It branches in halves: FFmpeg evaluates by recursion. */
export function selectExpression(indices: readonly number[]): string {
  return branch(toRanges(indices));
}

type IndexRange = [first: number, last: number];

function toRanges(indices: readonly number[]): IndexRange[] {
  const ranges: IndexRange[] = [];
  for (const index of indices) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === index - 1) range[1] = index;
    else ranges.push([index, index]);
  }
  return ranges;
}

function branch(ranges: readonly IndexRange[]): string {
  if (ranges.length === 1) return `between(n,${ranges[0]![0]},${ranges[0]![1]})`;
  const half = ranges.length >> 1;
  const [before, after] = [ranges.slice(0, half), ranges.slice(half)];
  return `if(lt(n,${after[0]![0]}),${branch(before)},${branch(after)})`;
}
