// `exports`, `bin` and `files` against what was built: whatever package.json or a published module points to is in the
// tarball. publint looks at some of this; a module that another one imports, or that a worker is started from, it does
// not follow.

import { posix } from "node:path";

import { entriesOf, insidePath } from "./manifest.ts";
import type { PackedPackage } from "./packed-package.ts";

/** What package.json or a module names and the tarball does not hold. */
export function checkExports(packed: PackedPackage): readonly string[] {
  const { manifest, files } = packed;
  const entries = entriesOf(manifest);
  const problems: string[] = [];
  if (entries.length === 0) problems.push("package.json: expected exports");
  for (const { subpath, targets } of entries) {
    const conditions = [...targets.keys()];
    if (conditions.join() !== "types,default") {
      problems.push(`exports["${subpath}"]: expected types and default, found ${conditions}`);
    }
    for (const [condition, target] of targets) {
      if (!files.has(target)) {
        problems.push(`exports["${subpath}"].${condition}: ${target} is not in the tarball`);
      }
    }
    const [types, script] = ["types", "default"].map((condition) => targets.get(condition));
    if (types?.replace(/\.d\.ts$/, "") !== script?.replace(/\.js$/, "")) {
      problems.push(`exports["${subpath}"]: ${types} does not describe ${script}`);
    }
  }
  for (const [command, target] of Object.entries(manifest.bin)) {
    const path = insidePath(target);
    if (!new TextDecoder().decode(files.get(path)).startsWith("#!")) {
      problems.push(`bin.${command}: expected a script that begins with #! at ${path}`);
    }
  }
  return [...problems, ...missingModules(packed)];
}

/** Relative paths in import, export, import() and new URL(…, import.meta.url), and in source map comments. */
const REFERENCES: readonly RegExp[] = [
  /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]*)"/g,
  /\bnew URL\(\s*"(\.{1,2}\/[^"]*)",\s*import\.meta\.url/g,
  /^\/\/# sourceMappingURL=([^\s:]+)$/gm,
];

function missingModules({ files }: PackedPackage): readonly string[] {
  const problems: string[] = [];
  for (const [path, bytes] of files) {
    if (!/\.(js|d\.ts)$/.test(path)) continue;
    const code = new TextDecoder().decode(bytes);
    for (const [, reference = ""] of REFERENCES.flatMap((pattern) => [...code.matchAll(pattern)])) {
      const target = posix.join(posix.dirname(path), reference);
      // The types beside "./x.js" or, in a declaration, "./x.ts" are what stands in "./x.d.ts".
      const candidates = path.endsWith(".d.ts")
        ? [target, target.replace(/\.[jt]s$/, ".d.ts")]
        : [target];
      if (!candidates.some((candidate) => files.has(candidate))) {
        problems.push(`${path}: ${reference} is not in the tarball`);
      }
    }
  }
  return problems;
}
