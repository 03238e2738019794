// The fields of a published package.json that the checks look at. Ours are all written in one form, and a check is
// simpler when it insists on it: `exports` maps sub-paths to objects of conditions, each of which is one file.

/** A published package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** By sub-path ("." or "./video"): the file of each condition. */
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By command: its file. */
  readonly bin: Readonly<Record<string, string>>;
  /** Everything as it stands. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** One thing that can be imported. */
export interface Entry {
  /** As an import names it: "@internvit/preprocess/video". */
  readonly specifier: string;
  /** Sub-path in `exports`. */
  readonly subpath: string;
  /** By condition: path inside the package, without "./". */
  readonly targets: ReadonlyMap<string, string>;
}

/** Reads package.json out of a tarball's files. */
export function parseManifest(files: ReadonlyMap<string, Uint8Array>): Manifest {
  const bytes = files.get("package.json");
  if (bytes === undefined) throw new Error("the tarball has no package.json");
  const json = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const { name, version } = json;
  if (typeof name !== "string" || typeof version !== "string") {
    throw new TypeError("package.json: expected a name and a version");
  }
  const exports = (json["exports"] ?? {}) as Manifest["exports"];
  const isExpected =
    typeof exports === "object" &&
    Object.entries(exports).every(
      ([key, conditions]) =>
        key.startsWith(".") &&
        typeof conditions === "object" &&
        Object.values(conditions).every((target) => typeof target === "string"),
    );
  if (!isExpected) {
    throw new TypeError(
      `${name}: expected exports as { "./sub-path": { "condition": "./file" } }, found ${JSON.stringify(exports)}`,
    );
  }
  return { name, version, exports, bin: (json["bin"] ?? {}) as Manifest["bin"], json };
}

/** The entries of a package. */
export function entriesOf({ name, exports }: Manifest): readonly Entry[] {
  return Object.entries(exports).map(([subpath, conditions]) => ({
    specifier: name + subpath.slice(1),
    subpath,
    targets: new Map(
      Object.entries(conditions).map(([condition, target]) => [condition, insidePath(target)]),
    ),
  }));
}

/** "./dist/index.js" as the tarball names it. */
export function insidePath(target: string): string {
  return target.replace(/^\.\//, "");
}
