// How the hub is reached: which server, as whom, through which fetch, and how patient.

import { HubError } from "./errors.ts";

/** The server of huggingface.co. */
export const DEFAULT_ENDPOINT = "https://huggingface.co";

/** What this package asks of `fetch`. */
export interface HubRequest {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
  readonly redirect: "follow";
}

/** What this package reads of an answer of `fetch`. */
export interface HubResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: HubBody | null;
}

/** The stream of an answer. */
export interface HubBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/**
 * The part of the standard `fetch` that is needed. It must follow redirects and drop the `Authorization` header when
 * one leads to another origin, as the standard says.
 */
export type HubFetch = (url: string, request: HubRequest) => Promise<HubResponse>;

/** Options of everything that asks the hub. */
export interface HubOptions {
  /** Default `https://huggingface.co`. */
  readonly endpoint?: string;
  /** Access token, for private and gated repositories. It is sent to the endpoint only. */
  readonly token?: string;
  /** Default the platform's `fetch`. */
  readonly fetch?: HubFetch;
  readonly signal?: AbortSignal;
  /** A connection that sends nothing for so many milliseconds is given up; default 60 000. */
  readonly stallTimeout?: number;
  /**
   * How often a request that failed in passing (5xx, 429, a broken connection) is sent again without a byte of
   * progress in between; default 5. A server that was never reached is tried once more only.
   */
  readonly retries?: number;
  /** Milliseconds before the first retry, doubled before every further one up to 30 s; default 500. */
  readonly retryDelay?: number;
}

/** `HubOptions` with every default applied. */
export interface HubConnection {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly fetch: HubFetch;
  readonly stallTimeout: number;
  readonly retries: number;
  readonly retryDelay: number;
  /** Whether the server has answered yet. */
  readonly contact: { made: boolean };
}

/**
 * Applies the defaults.
 *
 * @throws HubError `invalid-argument` for an endpoint that is not an http(s) address, or a token that cannot be sent.
 */
export function toConnection(options: HubOptions): HubConnection {
  const { endpoint = DEFAULT_ENDPOINT, token } = options;
  if (token !== undefined && !/^[!-~]+$/.test(token)) {
    throw new HubError(
      "invalid-argument",
      "the access token must be of visible ASCII characters without spaces (HF_TOKEN, or the token file)",
    );
  }
  return {
    endpoint: checkEndpoint(endpoint),
    token,
    // Called through a function of its own: browsers refuse a fetch that is called as a method.
    fetch: options.fetch ?? ((url, request) => fetch(url, request)),
    stallTimeout: options.stallTimeout ?? 60_000,
    retries: options.retries ?? 5,
    retryDelay: options.retryDelay ?? 500,
    contact: { made: false },
  };
}

function checkEndpoint(endpoint: string): string {
  let url: URL | undefined;
  try {
    url = new URL(endpoint);
  } catch {
    url = undefined;
  }
  const usable = url !== undefined && /^https?:$/.test(url.protocol);
  if (!usable || url?.username !== "" || url.password !== "") {
    // Not quoted: it may hold a password.
    throw new HubError(
      "invalid-argument",
      "the hub's endpoint must be an http(s) address without a user name, such as https://huggingface.co (HF_ENDPOINT)",
    );
  }
  return endpoint.replace(/\/+$/, "");
}

/** The address of one file at a commit. */
export function fileUrl(
  endpoint: string,
  file: { readonly repository: string; readonly commit: string; readonly name: string },
): string {
  const name = file.name.split("/").map(encodeURIComponent).join("/");
  return `${endpoint}/${file.repository}/resolve/${encodeURIComponent(file.commit)}/${name}`;
}
