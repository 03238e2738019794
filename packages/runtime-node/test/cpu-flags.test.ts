import { expect, test } from "vitest";

import { int8MayOverflow } from "../src/cpu-flags.ts";

test.each([
  ["x64", ["avx2", "avx512f", "avx512_vnni"], false],
  ["x64", ["avx2", "avx_vnni"], false],
  ["x64", ["avx2", "fma"], true],
  ["x64", [], true],
  ["arm64", [], false],
])("int8 sums of %s with %j may overflow: %s", (architecture, flags, expected) => {
  expect(int8MayOverflow(flags, architecture)).toBe(expected);
});
