// Builds the page once before the first test, from the sources as they are.

import { fileURLToPath } from "node:url";

import { build } from "vite";

export async function setup(): Promise<void> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  await build({ root, configFile: `${root}/vite.config.ts`, logLevel: "warn" });
}
