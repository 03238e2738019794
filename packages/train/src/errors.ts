// The one error class of this package. Callers branch on `code`; the message says what was expected, what was found,
// and where.

/**
 * What went wrong:
 * - `unsupported`: an operator without a rule, a form of an operator that its rule does not know, a size that is known
 *   only at run time;
 * - `unreached`: a parameter that the loss does not depend on;
 * - `mismatch`: shapes or element types that do not fit together;
 * - `not-finite`: a step of a training that gives NaN or overflows;
 * - `damaged`: a checkpoint that is cut off, was changed, or is none;
 * - `io`, `no-space`: a file of a checkpoint that cannot be read or written;
 * - `invalid-argument`: the caller passed a value outside the documented range.
 */
export type TrainErrorCode =
  | "unsupported"
  | "unreached"
  | "mismatch"
  | "not-finite"
  | "damaged"
  | "io"
  | "no-space"
  | "invalid-argument";

/** Thrown by the functions of `@internvit/train` that refuse their input. */
export class TrainError extends Error {
  override readonly name = "TrainError";
  readonly code: TrainErrorCode;
  /** The node or value that the error is about, where there is one. */
  readonly subject: string | undefined;

  constructor(
    code: TrainErrorCode,
    message: string,
    options: { readonly subject?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.subject = options.subject;
  }
}

/** True for a `TrainError`, also one from another copy of this package. */
export function isTrainError(error: unknown): error is TrainError {
  return error instanceof Error && error.name === "TrainError";
}
