// `sideEffects: false` lets a bundler drop a module of ours without looking at it, so it has to be true. Three
// questions: is it declared, so that a bundle of the import alone is empty; does any module have a statement that is
// not a declaration; and does an import in a process of its own leave that process as it was? The second sees all
// modules on all platforms, the third also sees what hides in the value of a declaration (a timer, a patched global).

import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";

import { parseAst } from "rolldown/parseAst";

import { bundle } from "./bundle.ts";
import type { Entry } from "./manifest.ts";
import type { PackedPackage } from "./packed-package.ts";

/** What importing an entry does besides defining its exports. */
export async function checkSideEffects(
  { directory, manifest }: PackedPackage,
  { specifier }: Entry,
): Promise<readonly string[]> {
  const code = `import ${JSON.stringify(specifier)};`;
  const external = isOutside(manifest.name);
  const options = { directory, platform: "node", external } as const;
  const trusting = await bundle(code, options);
  const complete = await bundle(code, { ...options, distrustsFlags: true });
  const found = [
    ...(trusting.chunks.every(isEmpty) ? [] : ["package.json does not say sideEffects: false"]),
    ...complete.chunks.flatMap(effects).map((text) => `runs when it is imported: ${text}`),
    ...(await traces(specifier, { directory, dependencies: complete.imports })),
  ];
  return found.map((message) => `${specifier}: ${message}`);
}

/** Node's own modules and other packages: they answer for themselves. */
function isOutside(name: string): (specifier: string) => boolean {
  return (specifier) =>
    !specifier.startsWith(".") &&
    !isAbsolute(specifier) &&
    specifier !== name &&
    !specifier.startsWith(`${name}/`);
}

/** Whether nothing is left but the list of exports that every bundle ends with. */
function isEmpty(code: string): boolean {
  return parseAst(code).body.every(({ type }) => type === "ExportNamedDeclaration");
}

const DECLARATIONS: ReadonlySet<string> = new Set([
  "ClassDeclaration",
  "ExportNamedDeclaration",
  "FunctionDeclaration",
  "ImportDeclaration",
  "VariableDeclaration",
]);

function effects(code: string): readonly string[] {
  return parseAst(code)
    .body.filter(({ type }) => !DECLARATIONS.has(type))
    .map(({ start, end }) => code.slice(start, Math.min(end, start + EXCERPT)));
}

interface TraceOptions {
  readonly directory: string;
  /** Imported first: what they do is not the entry's doing. */
  readonly dependencies: readonly string[];
}

async function traces(
  specifier: string,
  { directory, dependencies }: TraceOptions,
): Promise<readonly string[]> {
  const script = await readFile(new URL("../probe/import-traces.mjs", import.meta.url), "utf8");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", script, specifier, ...dependencies],
    { cwd: directory, encoding: "utf8", timeout: 60_000 },
  );
  if (status !== 0) {
    const reason = /^\w*Error\b.*$/m.exec(stderr)?.[0] ?? stderr.trim();
    return [`Node cannot import it: ${reason}`];
  }
  const lines = stdout.trimEnd().split("\n");
  const changes = (JSON.parse(lines.pop() ?? "") as readonly string[]).filter(
    (change) => !change.startsWith(ZOD_STATE),
  );
  const output = [...lines, stderr].join("").trim();
  return [
    ...changes.map((change) => `importing it changes the process: ${change}`),
    ...(output === "" ? [] : [`importing it prints: ${output.slice(0, EXCERPT)}`]),
  ];
}

/** zod fills in its settings when the first schema is made, on an object that is its own. */
const ZOD_STATE = "globalThis.__zod_globalConfig.";

/** Characters of a text in a message. */
const EXCERPT = 80;
