// What an import costs a page.

import { gzipSync } from "node:zlib";

import { bundle } from "./bundle.ts";
import { NOT_COUNTED, type SizeBudget } from "./size-budget.ts";

/** A budget and what was measured against it. */
export interface SizeMeasurement extends SizeBudget {
  /** Bytes of the minified bundle. */
  readonly minified: number;
  /** Bytes after gzip. */
  readonly gzip: number;
}

/** Bundles the imports of `budget` for a browser, with the modules as they resolve in `directory`. */
export async function measureSize(budget: SizeBudget, directory: string): Promise<SizeMeasurement> {
  const { chunks } = await bundle(importing(budget.imports), {
    directory,
    platform: "browser",
    external: (specifier) =>
      NOT_COUNTED.some((name) => specifier === name || specifier.startsWith(`${name}/`)),
    minify: true,
  });
  const bytes = Buffer.from(chunks.join(""));
  // Level 9 on all machines; servers differ by a per cent or so.
  return { ...budget, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}

/** A module that passes on what it imports, so that nothing of it is unused. */
function importing(imports: SizeBudget["imports"]): string {
  return Object.entries(imports)
    .map(([specifier, names], index) => {
      const what = names === "*" ? `* as all${index}` : `{ ${names.join(", ")} }`;
      return `export ${what} from ${JSON.stringify(specifier)};`;
    })
    .join("\n");
}
