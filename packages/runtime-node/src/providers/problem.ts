// A problem as it is told, and the comparison of versions that many of them come from.

/** One thing that is in the way. */
export interface ProviderProblem {
  /** What was expected and what was found. */
  readonly reason: string;
  /** What to do; undefined when nothing helps on this machine. */
  readonly advice: string | undefined;
}

/** Below 0 when `left` is the older one; numbers with points between them. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(".").map(Number));
  for (let i = 0; i < Math.max(a?.length ?? 0, b?.length ?? 0); i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
