// Numbers as people read them.

/** "8.3 MB", in steps of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${megabytes(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function megabytes(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** "12 ms" or "1.2 s". */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds < 9.95 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** "3,328". */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** "2.1 M", for numbers of weights. */
export function formatWeights(count: number): string {
  return count < 1e9
    ? `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} M`
    : `${(count / 1e9).toFixed(1)} G`;
}

/** "1 picture", "2 pictures". */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** "87 %", on one line; certainty is not claimed. */
export function formatChance(chance: number): string {
  if (chance > 0.99) return ">\u00A099\u00A0%";
  return chance < 0.01 ? "<\u00A01\u00A0%" : `${Math.round(100 * chance)}\u00A0%`;
}

/** "12 %", "0.4 %" or "< 0.1 %" of a whole, on one line. */
export function formatShare(share: number): string {
  if (share < 0.001) return "<\u00A00.1\u00A0%";
  const percent = 100 * share;
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)}\u00A0%`;
}
