// How the page is built, and served while it is worked on or looked at.

import { defineConfig } from "vite";

/** Without these, pages have no shared memory and WebAssembly one thread; `public/_headers` says the same to hosts. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  // The folder that the built files are put in may have any name.
  base: "./",
  build: { target: "es2022", chunkSizeWarningLimit: 1000 },
  worker: { format: "es" },
  // Workspace packages are ES modules; one of ONNX Runtime's bundled anew would not find its WebAssembly.
  optimizeDeps: { exclude: ["@internvit/runtime-web", "onnxruntime-web"] },
  server: { headers: ISOLATED },
  preview: { headers: ISOLATED },
});
