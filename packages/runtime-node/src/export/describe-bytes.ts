/** A size for messages, such as `608.1 MB` or `1.2 GB`. */
export function describeBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
