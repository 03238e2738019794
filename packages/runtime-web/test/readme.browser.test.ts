// The example of the README, run as it stands: imports become the built package, `files` the golden checkpoint.

import * as runtime from "@internvit/runtime-web";
import { expect, test } from "vitest";

import readme from "../README.md?raw";
import { goldenFiles } from "./open-golden.ts";

test("the README's example runs", async () => {
  const [, code = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const body = code.replaceAll(
    /import (\{[^}]*\}) from "@internvit\/runtime-web";/g,
    "const $1 = runtime;",
  );
  const example = new Blob(
    [`export async function run(runtime, files) { let result; ${body}; return result; }`],
    { type: "text/javascript" },
  );
  const { run } = (await import(/* @vite-ignore */ URL.createObjectURL(example))) as {
    run: (from: typeof runtime, files: ReadonlyMap<string, Blob>) => Promise<unknown>;
  };
  expect(await run(runtime, await goldenFiles("tiny-layernorm"))).toEqual({
    provider: "wasm",
    shape: [1, expect.any(Number)],
  });
});
