// @ts-check
// Compiles the AssemblyScript kernels and writes them into the sources as base64, in a file that git ignores.

import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { main as compile } from "assemblyscript/asc";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const OUTPUT = new URL("../src/kernels/kernel-bytes.generated.ts", import.meta.url);

// Pages of 64 KiB. 2 MiB: what a job works on stays in the second-level cache of current CPUs.
const PAGES = "32";

/** @type {Uint8Array | undefined} */
let wasm;
const { error, stderr } = await compile(
  [
    "assembly/index.ts",
    `--baseDir=${PACKAGE}`,
    "--outFile=kernels.wasm",
    "-O3",
    "--noAssert",
    "--runtime=stub",
    "--enable=simd",
    `--initialMemory=${PAGES}`,
    `--maximumMemory=${PAGES}`,
  ],
  {
    writeFile(name, contents) {
      if (name === "kernels.wasm" && typeof contents !== "string") wasm = contents;
    },
  },
);
if (error !== null || wasm === undefined) {
  throw new Error(`the kernels did not compile:\n${stderr.toString()}`, { cause: error });
}
await mkdir(new URL(".", OUTPUT), { recursive: true });
await writeFile(
  OUTPUT,
  `// Written by scripts/build-kernels.mjs from the AssemblyScript in assembly/.

/** The WebAssembly module, ${wasm.length} bytes. */
export const KERNELS_BASE64: string =
  "${Buffer.from(wasm).toString("base64")}";
`,
);
