// The one error class of this package. Callers branch on `code`; the message says what was expected, what was found,
// and where.

/**
 * What went wrong:
 * - `invalid-data`: a data set, list, protocol, result or picture that is not what it should be;
 * - `not-found`: a file, folder or class that must be there;
 * - `mismatch`: things that do not belong together, such as a checkpoint of another protocol;
 * - `io`: the system refused to read or write;
 * - `unsupported`: a form that is known but not handled;
 * - `invalid-argument`: the caller passed a value outside the documented range.
 */
export type EvalErrorCode =
  | "invalid-data"
  | "not-found"
  | "mismatch"
  | "io"
  | "unsupported"
  | "invalid-argument";

/** Thrown by the functions of `@internvit/eval` that refuse their input. */
export class EvalError extends Error {
  override readonly name = "EvalError";
  readonly code: EvalErrorCode;
  /** The file, sample or field that the error is about, where there is one. */
  readonly subject: string | undefined;

  constructor(
    code: EvalErrorCode,
    message: string,
    options: { readonly subject?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.subject = options.subject;
  }
}

/** True for an `EvalError`, also one from another copy of this package. */
export function isEvalError(error: unknown): error is EvalError {
  return error instanceof Error && error.name === "EvalError";
}
