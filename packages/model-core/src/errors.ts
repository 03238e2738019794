// The one error class of this package. Callers branch on `code`; the message says what was expected, what was
// found, and where.

/**
 * What went wrong:
 * - `malformed`: the input breaks its own format (header is not JSON, offsets overlap, wrong type in a config);
 * - `mismatch`: two well-formed inputs do not fit together (a tensor is missing, has another shape than the config says);
 * - `unsupported`: well-formed, but not something this package can do (another architecture, an unknown dtype);
 * - `not-found`: a file that must be there is not;
 * - `io`: reading failed; `cause` holds the system's error;
 * - `invalid-argument`: the caller passed a value outside the documented range.
 */
export type ModelErrorCode =
  | "malformed"
  | "mismatch"
  | "unsupported"
  | "not-found"
  | "io"
  | "invalid-argument";

/** Thrown by every function of `@internvit/model-core` that refuses its input. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;
  /** The file, directory or tensor that the error is about, where there is one. */
  readonly subject: string | undefined;

  constructor(
    code: ModelErrorCode,
    message: string,
    options: { readonly subject?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.subject = options.subject;
  }
}

/** True for a `ModelError`, also one from another copy of this package. */
export function isModelError(error: unknown): error is ModelError {
  return error instanceof Error && error.name === "ModelError";
}
