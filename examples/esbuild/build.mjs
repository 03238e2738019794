import { cpSync } from "node:fs";
import { createRequire } from "node:module";

import { build } from "esbuild";

// esbuild does not follow new URL("…", import.meta.url): the session's worker and the WebAssembly beside it are named here.
const { resolve } = createRequire(import.meta.resolve("@internvit/runtime-web"));

await build({
  entryPoints: {
    main: "main.js",
    "worker/session-worker": resolve("./worker/session-worker.js"),
    "worker/ort-wasm-simd-threaded.asyncify": resolve(
      "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm",
    ),
  },
  loader: { ".wasm": "copy" },
  outdir: "dist",
  bundle: true,
  format: "esm",
  minify: true,
});
cpSync("index.html", "dist/index.html");
