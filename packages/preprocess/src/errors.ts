// The one error class of this package. Callers branch on `code`; the message says what was expected, what was
// found, and where.

/**
 * What went wrong:
 * - `malformed`: the input breaks its own format (truncated picture, no pixels, wrong type in a config);
 * - `unsupported`: well-formed, but not something this package reads (SVG, another image processor class);
 * - `too-large`: more pixels, or a longer side, than the limit that the caller can raise;
 * - `not-found`: the file is not there;
 * - `io`: reading failed; `cause` holds the system's error;
 * - `invalid-argument`: the caller passed a value outside the documented range.
 */
export type PreprocessErrorCode =
  | "malformed"
  | "unsupported"
  | "too-large"
  | "not-found"
  | "io"
  | "invalid-argument";

/** Thrown by every function of `@internvit/preprocess` that refuses its input. */
export class PreprocessError extends Error {
  override readonly name = "PreprocessError";
  readonly code: PreprocessErrorCode;
  /** The file that the error is about, where there is one. */
  readonly subject: string | undefined;

  constructor(
    code: PreprocessErrorCode,
    message: string,
    options: { readonly subject?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.subject = options.subject;
  }
}

/** True for a `PreprocessError`, also one from another copy of this package. */
export function isPreprocessError(error: unknown): error is PreprocessError {
  return error instanceof Error && error.name === "PreprocessError";
}
