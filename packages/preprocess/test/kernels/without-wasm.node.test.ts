// The built package in a Node that has no WebAssembly at all.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

const PROGRAM = `
  import { createHash } from "node:crypto";
  import { IMAGENET_NORMALIZATION, squareResize, toPixelValues } from "@internvit/preprocess";
  const data = Uint8Array.from({ length: 97 * 61 * 3 }, (_, i) => (i * 7919) >> 3);
  const square = squareResize({ width: 97, height: 61, data }, { size: 56 });
  const values = toPixelValues([square], IMAGENET_NORMALIZATION);
  const sha256 = createHash("sha256").update(square.data).update(values.data).digest("hex");
  console.log(JSON.stringify({ wasm: typeof WebAssembly, sha256 }));
`;

function runIn(flags: readonly string[]): { readonly wasm: string; readonly sha256: string } {
  const parameters = [...flags, "--input-type=module", "--eval", PROGRAM];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  return JSON.parse(execFileSync(process.execPath, parameters, { cwd, encoding: "utf8" })) as never;
}

it("gives the same bytes and floats without WebAssembly", () => {
  const fast = runIn([]);
  const plain = runIn(["--no-expose-wasm"]);
  expect([fast.wasm, plain.wasm]).toEqual(["object", "undefined"]);
  expect(plain.sha256).toBe(fast.sha256);
});
