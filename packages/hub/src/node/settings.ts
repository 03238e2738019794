// The environment variables of huggingface_hub, read as it reads them (huggingface_hub/constants.py and
// utils/_auth.py), so that both use one cache, one token and one server.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { DEFAULT_ENDPOINT } from "../connection.ts";

/** Which proxies to use; empty texts where there are none. */
export interface ProxySettings {
  readonly http: string;
  readonly https: string;
  /** Hosts that are reached directly, as in `NO_PROXY`. */
  readonly none: string;
}

/** Where models come from and where they are kept. Plain data: build or change it as you like. */
export interface HubSettings {
  /** `HF_ENDPOINT`. */
  readonly endpoint: string;
  /** `HF_TOKEN`, or the file that `hf auth login` writes. */
  readonly token: string | undefined;
  /** `HF_HUB_CACHE`, else `hub` in `HF_HOME`. */
  readonly cacheDirectory: string;
  /** `HF_HUB_OFFLINE`: the network is not used. */
  readonly offline: boolean;
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, in upper or lower case. */
  readonly proxy: ProxySettings;
  /** False with `HF_HUB_DISABLE_SYMLINKS`: files are moved or copied into the snapshot instead of linked. */
  readonly symlinks: boolean;
}

/** The settings of an environment, `process.env` by default. A missing token file is no error. */
export function hubSettings(
  env: Readonly<Record<string, string | undefined>> = process.env,
): HubSettings {
  const value = (...names: readonly string[]): string | undefined =>
    names.map((name) => env[name]?.trim()).find((text) => text !== undefined && text !== "");
  const home = expandHome(
    value("HF_HOME") ?? join(value("XDG_CACHE_HOME") ?? "~/.cache", "huggingface"),
  );
  const cache = value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE");
  const implicit = !isTrue(value("HF_HUB_DISABLE_IMPLICIT_TOKEN"));
  const tokenFile = expandHome(value("HF_TOKEN_PATH") ?? join(home, "token"));
  return {
    endpoint: (value("HF_ENDPOINT") ?? DEFAULT_ENDPOINT).replace(/\/+$/, ""),
    token: implicit
      ? (value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") ?? readToken(tokenFile))
      : undefined,
    cacheDirectory: resolve(cache === undefined ? join(home, "hub") : expandHome(cache)),
    offline: isTrue(value("HF_HUB_OFFLINE") ?? value("TRANSFORMERS_OFFLINE")),
    proxy: {
      // The order in which curl and undici look.
      http: value("http_proxy", "HTTP_PROXY") ?? "",
      https: value("https_proxy", "HTTPS_PROXY") ?? "",
      none: value("no_proxy", "NO_PROXY") ?? "",
    },
    symlinks: !isTrue(value("HF_HUB_DISABLE_SYMLINKS")),
  };
}

function isTrue(text: string | undefined): boolean {
  return ["1", "ON", "YES", "TRUE"].includes(text?.toUpperCase() ?? "");
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

function readToken(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // Not logged in, which is the usual state.
    return undefined;
  }
  const token = text.replace(/[\r\n]/g, "").trim();
  return token === "" ? undefined : token;
}
