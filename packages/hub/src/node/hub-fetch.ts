// A fetch that goes through the proxies of the settings. Node's own takes no proxy before version 24.

import { EnvHttpProxyAgent, fetch } from "undici";

import { type HubConnection, type HubFetch, type HubOptions, toConnection } from "../connection.ts";
import type { HubSettings } from "./settings.ts";

/** A `fetch` with the connections that it keeps open. */
export interface HubFetchResource {
  readonly fetch: HubFetch;
  /** Closes the connections. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A `fetch` through the proxies of the settings, for `hubDirectory` and `getRevision`. */
export function createHubFetch(settings: Pick<HubSettings, "proxy">): HubFetchResource {
  const { http, https, none } = settings.proxy;
  // Empty texts, not undefined: that would make it read the environment.
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: http,
    httpsProxy: https,
    noProxy: none,
    // The caller's watchdog decides how long to wait.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const dispose = async (): Promise<void> => dispatcher.destroy();
  return {
    fetch: (url, { headers, signal, redirect }) =>
      fetch(url, { headers, signal, redirect, dispatcher }),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** How patient a download is; see `HubOptions`. */
export type Patience = Pick<HubOptions, "stallTimeout" | "retries" | "retryDelay">;

/** The connection to the hub of the settings. */
export function connectionOf(
  settings: HubSettings,
  options: Patience & { readonly fetch: HubFetch },
): HubConnection {
  const { stallTimeout, retries, retryDelay } = options;
  return toConnection({
    endpoint: settings.endpoint,
    fetch: options.fetch,
    ...(settings.token === undefined ? {} : { token: settings.token }),
    ...(stallTimeout === undefined ? {} : { stallTimeout }),
    ...(retries === undefined ? {} : { retries }),
    ...(retryDelay === undefined ? {} : { retryDelay }),
  });
}
