// Where things are kept between runs that can be made again.

import { homedir, platform } from "node:os";
import { join } from "node:path";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder for what can be made again: `INTERNVIT_CACHE`, else `internvit` in the platform's cache folder
 * (`XDG_CACHE_HOME` or `~/.cache`; on Windows `LOCALAPPDATA`).
 */
export function cacheFolder(environment: Environment, system: string = platform()): string {
  const value = (name: string): string | undefined => environment[name] || undefined;
  const own = value("INTERNVIT_CACHE");
  if (own !== undefined) return own;
  const home = value("HOME") ?? homedir();
  const shared =
    system === "win32"
      ? (value("LOCALAPPDATA") ?? join(home, "AppData", "Local"))
      : (value("XDG_CACHE_HOME") ?? join(home, ".cache"));
  return join(shared, "internvit");
}
