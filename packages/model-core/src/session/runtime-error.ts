// The error class of everything that runs graphs. It stands beside the contracts of the runtimes, because whoever gets
// a runtime handed in does not know which package its errors come from.

/**
 * What went wrong:
 * - `io`: a file could not be read or written; `cause` holds the system's error;
 * - `unsupported`: the execution provider or an option is not available in this build or on this machine;
 * - `load-failed`: ONNX Runtime refused the graph or its weights;
 * - `run-failed`: ONNX Runtime failed while running;
 * - `worker-lost`: the thread that held the session died;
 * - `device-lost`: the GPU was lost, and lost again when the run was repeated on a new session;
 * - `disposed`: the session or encoder was used after `dispose`;
 * - `exists`: something is there that would be lost;
 * - `no-space`: the disk is full, or would be;
 * - `check-failed`: a written model does not compute what its checkpoint does;
 * - `invalid-argument`: the caller passed a value outside the documented range.
 */
export type RuntimeErrorCode =
  | "io"
  | "unsupported"
  | "load-failed"
  | "run-failed"
  | "worker-lost"
  | "device-lost"
  | "disposed"
  | "exists"
  | "no-space"
  | "check-failed"
  | "invalid-argument";

/** Thrown by every function of a runtime package that fails by itself. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}

/** True for a `RuntimeError`, also one from another copy of this package or from the session's thread. */
export function isRuntimeError(error: unknown): error is RuntimeError {
  return error instanceof Error && error.name === "RuntimeError";
}
