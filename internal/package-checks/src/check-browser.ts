// An entry for browsers bundles for a browser, with everything that it depends on, and asks for nothing of Node's.

import { bundle } from "./bundle.ts";
import type { Entry } from "./manifest.ts";
import type { PackedPackage } from "./packed-package.ts";

/** What a browser would miss. */
export async function checkBrowser(
  { directory }: PackedPackage,
  { specifier }: Entry,
): Promise<readonly string[]> {
  const code = `export * from ${JSON.stringify(specifier)};`;
  const { builtins } = await bundle(code, { directory, platform: "browser" });
  return builtins.map((builtin) => `${specifier}: a browser has no ${builtin}`);
}
