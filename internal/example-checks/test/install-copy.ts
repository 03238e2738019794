// The examples as somebody has them who installed our packages: copies, with what would be published of each package under
// node_modules. In the workspace our packages are links to folders outside
// of node_modules, which bundlers treat as the application's own code; what only installed packages suffer from (Vite's
// bundle of dependencies) would not be seen.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const NOT_COPIED: readonly string[] = ["node_modules", "dist", "public"];

/** Copies examples, packages and, as links, what both depend on, into an empty folder; gives the examples' folder. */
export function installCopy(target: string): string {
  const modules = join(target, "node_modules");
  for (const folder of foldersIn(join(ROOT, "packages"))) {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      readonly name: string;
    };
    for (const part of ["package.json", "dist", "src"]) {
      cpSync(join(folder, part), join(modules, name, part), { recursive: true });
    }
    linkDependencies(join(folder, "node_modules"), modules);
  }
  const examples = join(target, "examples");
  cpSync(join(ROOT, "examples"), examples, {
    recursive: true,
    filter: (path) => !NOT_COPIED.includes(basename(path)),
  });
  for (const folder of foldersIn(join(ROOT, "examples"))) {
    linkDependencies(join(folder, "node_modules"), modules);
  }
  symlinkSync(join(ROOT, "fixtures"), join(target, "fixtures"));
  return examples;
}

/** Programs of the bundlers, for the PATH. */
export function programFolders(): readonly string[] {
  return foldersIn(join(ROOT, "examples")).map((folder) => join(folder, "node_modules/.bin"));
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

/** Everything that is not ours; ours are copied. */
function linkDependencies(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from)) {
    if (entry.startsWith(".") || entry === "@internvit" || entry === "internvit") continue;
    const names = entry.startsWith("@")
      ? readdirSync(join(from, entry)).map((name) => join(entry, name))
      : [entry];
    for (const name of names) {
      const link = join(to, name);
      if (existsSync(link)) continue;
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(from, name), link);
    }
  }
}
