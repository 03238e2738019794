// What an answer of the hub means that is not the one that was hoped for. The hub says more in the X-Error-Code header
// (huggingface_hub/utils/_http.py); mirrors may not.

import { HubError } from "./errors.ts";

/** What was asked for. */
export interface StatusContext {
  /** For messages, such as `OpenGVLab/InternViT-300M-448px-V2_5@main: config.json`. */
  readonly subject: string;
  /** The page of the repository. */
  readonly page: string;
  readonly hasToken: boolean;
  /** The server that gave the answer, for messages. */
  readonly host: string;
}

/** The error for an answer that is not the one that was hoped for. */
export function statusError(
  response: { readonly status: number; readonly headers: { get(name: string): string | null } },
  { subject, page, hasToken, host }: StatusContext,
): HubError {
  const { status, headers } = response;
  const reason = headers.get("x-error-code");
  const token = hasToken
    ? "the token that was sent does not give access"
    : "set HF_TOKEN to an access token that may read it";
  if (reason === "GatedRepo") {
    const text = `${subject}: the model is gated: accept its licence at ${page}; then ${hasToken ? "use a token (HF_TOKEN) of the account that did" : "set HF_TOKEN to a token of the account that did"}`;
    return new HubError("unauthorized", text, { status });
  }
  if (status === 401 || status === 403) {
    // The hub answers 401 for what does not exist, too, so as not to tell strangers what is private.
    const text = `${subject}: ${host} refused (${status}): there is no such repository, or it is private or gated. Check the name at ${page}; ${token}`;
    return new HubError("unauthorized", text, { status });
  }
  if (status === 404)
    return new HubError("not-found", notFound(reason, { subject, page }), { status });
  if (status === 416) {
    const text = `${subject}: the server says that the file has no such bytes (416): it is not the file that the hub lists`;
    return new HubError("changed", text, { status });
  }
  if (status === 429 || status === 408 || status >= 500) {
    const retryAfter = parseRetryAfter(headers.get("retry-after"));
    const waiting =
      retryAfter === undefined ? "" : `; it asks to wait ${Math.ceil(retryAfter / 1000)} s`;
    const cause = status === 429 ? "too many requests" : "the server failed";
    return new HubError("network", `${subject}: ${host} answered ${status} (${cause})${waiting}`, {
      status,
      transient: true,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
  return new HubError("network", `${subject}: unexpected answer ${status} of ${host}`, { status });
}

/** The head of an answer, as far as messages tell of it. */
interface AnswerHead {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/**
 * The error for a page where a file was asked for, or undefined for every other answer. Servers of single-page
 * applications answer what they do not have with their index.html and 200; no file of a checkpoint is HTML.
 */
export function pageError(
  answer: AnswerHead,
  { subject, host }: Pick<StatusContext, "subject" | "host">,
): HubError | undefined {
  if (!/^text\/html\b/i.test(answer.headers.get("content-type") ?? "")) return undefined;
  const text = `${subject}: it is not there: ${host} answered with a page (${wordsOf(answer)})`;
  return new HubError("not-found", text, { status: answer.status });
}

/** The error for a whole file where a part was asked for. */
export function noRangesError(answer: AnswerHead, subject: string): HubError {
  const text = `${subject}: the server does not send byte ranges (it answered ${wordsOf(answer)})`;
  return new HubError("unsupported", text, { status: answer.status });
}

function wordsOf({ status, headers }: AnswerHead): string {
  return `${status}, ${headers.get("content-type") ?? "no content type"}`;
}

function notFound(
  reason: string | null,
  { subject, page }: { readonly subject: string; readonly page: string },
): string {
  switch (reason) {
    case "RevisionNotFound":
      return `${subject}: there is no such revision; see ${page}/refs`;
    case "RepoNotFound":
      return `${subject}: there is no such repository, or it is private: ${page}`;
    case "EntryNotFound":
      return `${subject}: there is no such file in the repository`;
    default:
      return `${subject}: not found (404): ${page}`;
  }
}

/** Seconds, or a date; in milliseconds. */
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
