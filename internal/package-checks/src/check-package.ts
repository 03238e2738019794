// Every check on one package.

import { checkBrowser } from "./check-browser.ts";
import { checkContents } from "./check-contents.ts";
import { checkExports } from "./check-exports.ts";
import { checkPublint } from "./check-publint.ts";
import { checkSideEffects } from "./check-side-effects.ts";
import { checkTypes } from "./check-types.ts";
import { entriesOf } from "./manifest.ts";
import { packPackage } from "./packed-package.ts";

/** What was looked at and what is wrong with it. */
export interface PackageReport {
  readonly name: string;
  /** Bytes of the tarball. */
  readonly bytes: number;
  readonly files: number;
  readonly entries: number;
  readonly problems: readonly string[];
}

/**
 * Packs the package in `directory` and checks it.
 *
 * @param platforms where each entry runs, by specifier
 */
export async function checkPackage(
  directory: string,
  platforms: Readonly<Record<string, "browser" | "node">>,
): Promise<PackageReport> {
  const packed = await packPackage(directory);
  const { manifest, files, tarball } = packed;
  const entries = entriesOf(manifest);
  const problems = [
    ...checkContents(packed),
    ...checkExports(packed),
    ...(await checkPublint(packed)),
    ...(await checkTypes(packed)),
  ];
  for (const entry of entries) {
    const platform = platforms[entry.specifier];
    if (platform === undefined) {
      problems.push(`${entry.specifier}: not said whether it runs in browsers (entries.ts)`);
    }
    // A bundle of what is not there says nothing that the check of exports has not said.
    if (!files.has(entry.targets.get("default") ?? "")) continue;
    if (platform === "browser") problems.push(...(await checkBrowser(packed, entry)));
    problems.push(...(await checkSideEffects(packed, entry)));
  }
  const { name } = manifest;
  return { name, bytes: tarball.length, files: files.size, entries: entries.length, problems };
}
