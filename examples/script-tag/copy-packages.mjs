// Copies what the page imports to dist/modules, file by file, without a bundler. Imports by a package's name become
// relative paths on the way: a page could have them in its import map, but workers have none.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const OUTPUT = "dist";
const WASM = "ort-wasm-simd-threaded.asyncify.wasm";
const SPECIFIER = /\b((?:from|import)\s*\(?\s*)"([\w@./:-]+)"/g;

/** Address of a file in dist/modules, by its address in node_modules. */
const copies = new Map();

for (const entry of [
  "@internvit/hub",
  "@internvit/preprocess",
  "@internvit/preprocess/canvas",
  "@internvit/runtime-web",
]) {
  copyModule(import.meta.resolve(entry));
}
const worker = new URL("worker/session-worker.js", import.meta.resolve("@internvit/runtime-web"));
copyModule(worker.href);
for (const file of ["index.html", "main.js"]) cpSync(file, join(OUTPUT, file));

/** Copies a module and all that it imports. */
function copyModule(address) {
  if (copies.has(address)) return copies.get(address);
  const source = fileURLToPath(address);
  const folder = packageFolder(source);
  const { name } = readPackage(folder);
  const copy = posix.join("modules", name, relative(folder, source).split(sep).join("/"));
  copies.set(address, copy);
  mkdirSync(dirname(join(OUTPUT, copy)), { recursive: true });
  if (name === "onnxruntime-web") {
    // Imports nothing, and looks for its WebAssembly beside itself.
    for (const file of [basename(source), WASM]) {
      cpSync(join(dirname(source), file), join(OUTPUT, dirname(copy), file));
    }
    return copy;
  }
  const code = readFileSync(source, "utf8").replace(SPECIFIER, (whole, before, specifier) => {
    if (isBuiltin(specifier)) return whole;
    const target = copyModule(import.meta.resolve(specifier, address));
    return `${before}"${posix.relative(posix.dirname(copy), target).replace(/^(?!\.)/, "./")}"`;
  });
  writeFileSync(join(OUTPUT, copy), code);
  return copy;
}

function packageFolder(file) {
  let folder = dirname(file);
  while (readPackage(folder).version === undefined) folder = dirname(folder);
  return folder;
}

function readPackage(folder) {
  const file = join(folder, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}
