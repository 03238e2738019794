import { join } from "node:path";

import { expect, it } from "vitest";

import { cacheFolder } from "@internvit/runtime-node";

it.each([
  [{ INTERNVIT_CACHE: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" }, "linux", "/a"],
  [{ XDG_CACHE_HOME: "/b", HOME: "/c" }, "linux", join("/b", "internvit")],
  [
    { INTERNVIT_CACHE: "", XDG_CACHE_HOME: "", HOME: "/c" },
    "darwin",
    join("/c", ".cache", "internvit"),
  ],
  [{ LOCALAPPDATA: "/d", HOME: "/c" }, "win32", join("/d", "internvit")],
])("%j on %s keeps the model in %s", (environment, system, expected) => {
  expect(cacheFolder(environment, system)).toBe(expected);
});
