// Runs the examples of a README as a user would: each ```ts block as a module of its own in a new process, in the
// README's package, against the built files.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * What each ```ts block of a README prints.
 *
 * @param readme the README of a package
 * @param names what stands for a string of the example, such as `{ "photo.jpg": "/path/of/a/picture.jpg" }`
 * @throws Error with the example's own output when it fails, or when a name is not in any example
 */
export function runReadmeExamples(
  readme: URL,
  names: Readonly<Record<string, string>>,
): readonly string[] {
  const text = readFileSync(readme, "utf8");
  const examples = Array.from(text.matchAll(/```ts\n([^]*?)```/g), ([, code = ""]) => code);
  for (const name of Object.keys(names)) {
    if (!examples.some((code) => code.includes(JSON.stringify(name)))) {
      throw new Error(`no example in ${readme.pathname} mentions ${JSON.stringify(name)}`);
    }
  }
  return examples.map((code) => runExample(code, { names, cwd: dirname(fileURLToPath(readme)) }));
}

function runExample(
  code: string,
  options: { readonly names: Readonly<Record<string, string>>; readonly cwd: string },
): string {
  let source = code;
  for (const [name, value] of Object.entries(options.names)) {
    source = source.replaceAll(JSON.stringify(name), JSON.stringify(value));
  }
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", source],
    { cwd: options.cwd, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`an example of the README failed:\n${source}\n${stderr}`);
  return stdout;
}
