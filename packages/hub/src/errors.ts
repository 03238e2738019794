// The one error class of this package. Callers branch on `code`; the message says what was expected, what was found,
// where, and where it helps what to do. A token never appears in a message.

/**
 * What went wrong:
 * - `not-found`: no such repository, revision or file, or no weights of a kind that can be read;
 * - `unauthorized`: the repository is private or gated and the token is missing or not enough;
 * - `offline`: the network may not be used (`HF_HUB_OFFLINE`) and the cache does not have the model;
 * - `network`: the hub cannot be reached, fails, or the connection breaks again and again;
 * - `changed`: a file is no longer the one that was begun;
 * - `mismatch`: the bytes are all there, but hash, size or content is not what it must be;
 * - `malformed`: an answer of the server breaks the protocol;
 * - `unsupported`: the server cannot do what is needed, such as send byte ranges;
 * - `disk-full`: there is no room for the file;
 * - `io`: another failure of the file system; `cause` holds the system's error;
 * - `invalid-argument`: the caller passed a value outside the documented range.
 */
export type HubErrorCode =
  | "not-found"
  | "unauthorized"
  | "offline"
  | "network"
  | "changed"
  | "mismatch"
  | "malformed"
  | "unsupported"
  | "disk-full"
  | "io"
  | "invalid-argument";

/** More about a `HubError`. */
export interface HubErrorOptions {
  readonly cause?: unknown;
  /** The HTTP status, when the server answered. */
  readonly status?: number;
  /** True when the same request may succeed a little later. */
  readonly transient?: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfter?: number;
}

/** Thrown by every function of `@internvit/hub` that fails by itself. */
export class HubError extends Error {
  override readonly name = "HubError";
  readonly code: HubErrorCode;
  readonly status: number | undefined;
  readonly transient: boolean;
  readonly retryAfter: number | undefined;

  constructor(code: HubErrorCode, message: string, options: HubErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.transient = options.transient ?? false;
    this.retryAfter = options.retryAfter;
  }
}

/** True for a `HubError`, also one from another copy of this package. */
export function isHubError(error: unknown): error is HubError {
  return error instanceof Error && error.name === "HubError";
}
