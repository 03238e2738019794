// A bundle of a few lines that import our packages, as an application's bundler makes it. One bundler (rolldown, which
// vite uses) answers three questions: what a browser would need of Node, what runs when a package is only imported,
// and how many bytes an import costs.

import { isBuiltin } from "node:module";
import { join } from "node:path";

import { type Plugin, rolldown } from "rolldown";

/** How a bundle is made. */
export interface BundleOptions {
  /** Folder in which the imports are resolved, as from a module in it. */
  readonly directory: string;
  readonly platform: "browser" | "node";
  /** Imports to leave as they are. Default: none. */
  readonly external?: (specifier: string) => boolean;
  /** Look at the statements of every module instead of believing its package's `sideEffects`. Default: false. */
  readonly distrustsFlags?: boolean;
  /** Default: false. */
  readonly minify?: boolean;
}

/** The result. */
export interface Bundle {
  /** One module, and one more for each that is imported only when it is needed. */
  readonly chunks: readonly string[];
  /** Imports of modules that only Node has, as "node:fs in …/file.js". */
  readonly builtins: readonly string[];
  /** What `external` left to be imported at run time. */
  readonly imports: readonly string[];
}

/**
 * Bundles `code`.
 *
 * @throws Error when an import cannot be resolved or names something that is not exported.
 */
export async function bundle(code: string, options: BundleOptions): Promise<Bundle> {
  const { directory, platform, external = () => false } = options;
  const { distrustsFlags = false, minify = false } = options;
  const builtins = new Set<string>();
  await using build = await rolldown({
    input: ENTRY,
    cwd: directory,
    platform,
    external: (specifier) => specifier !== ENTRY && external(specifier),
    plugins: [entryModule(code, directory), recordBuiltins(builtins)],
    // A plain `true` would leave package.json the last word.
    treeshake: distrustsFlags ? { moduleSideEffects: [{ test: /^/, sideEffects: true }] } : true,
    onLog(_level, { message }) {
      // Nothing is left to be found out by a user: what a bundler warns of is an error here.
      throw new Error(message);
    },
  });
  const { output } = await build.generate({ format: "esm", minify });
  const chunks = output.filter((chunk) => chunk.type === "chunk");
  const own = new Set(chunks.map(({ fileName }) => fileName));
  return {
    chunks: chunks.map((chunk) => chunk.code),
    builtins: [...builtins],
    imports: chunks.flatMap((chunk) => chunk.imports).filter((specifier) => !own.has(specifier)),
  };
}

const ENTRY = "internvit:entry";

function entryModule(code: string, directory: string): Plugin {
  const id = join(directory, "internvit-entry.js");
  return {
    name: "entry-module",
    resolveId: (specifier) => (specifier === ENTRY ? { id, moduleSideEffects: true } : undefined),
    load: (path) => (path === id ? { code, moduleSideEffects: true } : undefined),
  };
}

/** Notes what resolves to a module of Node's after the `browser` fields of packages have had their say. */
function recordBuiltins(builtins: Set<string>): Plugin {
  return {
    name: "record-builtins",
    async resolveId(specifier, importer) {
      if (!isBuiltin(specifier)) return undefined;
      const resolved = await this.resolve(specifier, importer, { skipSelf: true });
      if (resolved !== null && !resolved.external) return resolved;
      builtins.add(`${specifier} in ${importer}`);
      return { id: specifier, external: true };
    },
  };
}
