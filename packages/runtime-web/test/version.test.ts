import { expect, test } from "vitest";

import manifest from "../package.json" with { type: "json" };
import { VERSION } from "../src/version.ts";

test("the version in result files is the package's", () => {
  expect(VERSION).toBe(manifest.version);
});
