import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

import { browserProject } from "./scripts/browser/project.mjs";

// forks, not threads: native modules (onnxruntime-node, sharp) are loaded once per process.
const shared = {
  pool: "forks" as const,
  testTimeout: 60_000,
  // Not the cache of whoever runs the tests.
  env: {
    INTERNVIT_CACHE: fileURLToPath(new URL("node_modules/.cache/internvit/tests", import.meta.url)),
  },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "internal/*/test/**/*.test.ts"],
          exclude: ["**/*.node.test.ts", "**/*.browser.test.ts", "**/node_modules/**"],
        },
      },
      {
        test: {
          ...shared,
          name: "node",
          include: [
            "packages/*/test/**/*.node.test.ts",
            "internal/*/test/**/*.node.test.ts",
            "test/**/*.node.test.ts",
          ],
          testTimeout: 120_000,
        },
      },
      browserProject(),
      {
        test: {
          ...shared,
          name: "demo",
          include: ["apps/*/test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          globalSetup: ["scripts/browser/require-chromium.mjs", "apps/demo/test/build-site.ts"],
        },
      },
    ],
  },
});
