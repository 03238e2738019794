// The one error class of this package, and what a run that was interrupted is stopped with.

/**
 * What went wrong:
 * - `usage`: options that do not fit together, or a value that an option does not take;
 * - `not-found`: a file or folder that must be there is not;
 * - `exists`: something is there that would be lost;
 * - `no-space`: the disk is full, or would be;
 * - `io`: a file could not be read or written; `cause` holds the system's error;
 * - `malformed`: the input breaks its own format or does not fit the command;
 * - `failed-images`: pictures were left out.
 */
export type CliErrorCode =
  | "usage"
  | "not-found"
  | "exists"
  | "no-space"
  | "io"
  | "malformed"
  | "failed-images";

/** Thrown by the commands when they fail by themselves. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}

/** True for a `CliError`, also one from another copy of this package. */
export function isCliError(error: unknown): error is CliError {
  return error instanceof Error && error.name === "CliError";
}

/** The reason that a run's `AbortSignal` carries when the process is asked to end. Its message was said already. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** Exit code: 128 and the signal's number. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What the system's codes mean, in words that do not need the call that failed. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EEXIST: "a file of this name is in the way",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
};

/** The `CliError` for a file that cannot be read; `what` names it. */
export function readError(what: string, cause: unknown): CliError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const kind = code === "ENOENT" ? "not-found" : "io";
  return new CliError(kind, `${what} cannot be read: ${REASONS[code] ?? message}`, { cause });
}

/** The `CliError` for a file that the system did not let us write. */
export function writeError(path: string, cause: unknown): CliError {
  if (isCliError(cause)) return cause;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new CliError("no-space", `${path} cannot be written: the disk is full`, { cause });
  }
  if (code === "EFBIG") {
    const reason = "it is larger than a file may be here";
    return new CliError("no-space", `${path} cannot be written: ${reason}`, { cause });
  }
  return new CliError("io", `${path} cannot be written: ${REASONS[code] ?? message}`, { cause });
}
