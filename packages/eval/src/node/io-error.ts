// What the system says about a file, as an error of this package.

import { EvalError, isEvalError } from "../errors.ts";

/**
 * The error for a file that cannot be read or written: `not-found` where there is none, else `io`. An error of this package is
 * passed on as it is.
 */
export function ioError(
  what: string,
  options: { readonly subject: string; readonly cause: unknown },
): EvalError {
  const { subject, cause } = options;
  if (isEvalError(cause)) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new EvalError("not-found", `${what}: there is no such file or folder`, options);
  }
  const reason = code === "ENOSPC" || code === "EDQUOT" ? "the disk is full" : message;
  return new EvalError("io", `${what}: ${reason}`, { subject, cause });
}
