// @ts-check
// The vitest project of `*.browser.test.ts`: real Chromium with WebGPU on its software adapter, and pages that are
// cross-origin isolated, which threads in WebAssembly need.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { playwright } from "@vitest/browser-playwright";

import { bundleWorkers } from "./bundle-workers.mjs";
import { faultServer } from "./fault-server.mjs";
import { findChromium } from "./find-chromium.mjs";

const FIXTURES = fileURLToPath(new URL("../../fixtures", import.meta.url));

/** SwiftShader, so that every machine computes on the same adapter; a camera that shows a test picture, unasked. */
const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // Memory is measured when a test asks, not when the browser next collects.
  "--enable-blink-features=ForceEagerMeasureMemory",
];

/** The project, for `test.projects`. */
export function browserProject() {
  const chosen = process.env["INTERNVIT_GOLDENS"];
  const goldens = chosen === undefined || chosen === "" ? FIXTURES : resolve(chosen);
  const executablePath = findChromium();
  return {
    plugins: [bundleWorkers(), faultServer()],
    server: {
      headers: {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      },
      fs: { allow: [fileURLToPath(new URL("../..", import.meta.url)), goldens] },
    },
    // Everything here is ES modules. A bundle made on the way reloads the page in the middle of a test, and one of
    // ONNX Runtime does not find its WebAssembly.
    optimizeDeps: { noDiscovery: true },
    test: {
      name: "browser",
      include: ["packages/*/test/**/*.browser.test.ts", "internal/*/test/**/*.browser.test.ts"],
      testTimeout: 120_000,
      globalSetup: [fileURLToPath(new URL("require-chromium.mjs", import.meta.url))],
      provide: {
        fixtureDirectory: FIXTURES,
        goldenDirectory: goldens,
        goldenModels: modelsIn(goldens),
        cycles: Number(process.env["INTERNVIT_CYCLES"] ?? 0),
      },
      // One page at a time: software WebGPU takes all processors for itself.
      fileParallelism: false,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: {
            args: FLAGS,
            ...(executablePath === undefined ? {} : { executablePath }),
          },
        }),
        instances: [{ browser: /** @type {const} */ ("chromium") }],
      },
    },
  };
}

/**
 * Golden checkpoints: a page cannot list a folder.
 * @param {string} directory
 */
function modelsIn(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter(
    (name) => name.startsWith("tiny-") && existsSync(join(directory, name, "expected.safetensors")),
  );
}
