/** The part of `process.stdout` and `process.stderr` that this package needs. */
export interface OutputStream {
  write(text: string): unknown;
  /** True when a person is looking. */
  readonly isTTY?: boolean | undefined;
  /** Width of that person's terminal in characters. */
  readonly columns?: number | undefined;
}
