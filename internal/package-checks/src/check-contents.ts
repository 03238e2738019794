// What must be in a tarball besides code, and what must not.

import type { PackedPackage } from "./packed-package.ts";

const DEPENDENCY_FIELDS = ["dependencies", "peerDependencies", "optionalDependencies"] as const;

/** Licence, README, engines, dependencies that a registry understands, and no leftovers of the build. */
export function checkContents({ manifest, files }: PackedPackage): readonly string[] {
  const { name, json } = manifest;
  const problems: string[] = [];
  const text = (path: string) => new TextDecoder().decode(files.get(path));

  if (text("LICENSE").trim() === "") problems.push("expected a LICENSE in the tarball");
  if (!text("README.md").includes(name)) {
    problems.push(`expected a README.md in the tarball that names ${name}`);
  }
  for (const field of ["description", "license"]) {
    if (typeof json[field] !== "string") problems.push(`package.json: expected "${field}"`);
  }
  const node = (json["engines"] as { node?: unknown } | undefined)?.node;
  if (typeof node !== "string") problems.push('package.json: expected "engines.node"');
  for (const field of DEPENDENCY_FIELDS) {
    for (const [dependency, range] of Object.entries((json[field] ?? {}) as object)) {
      // "workspace:*" and "catalog:" mean nothing outside this repository, "file:" and "link:" neither.
      if (String(range).includes(":")) {
        problems.push(`package.json: ${field}: ${dependency}: expected a range, found ${range}`);
      }
    }
  }
  for (const path of files.keys()) {
    if (path.includes(".tsbuildinfo")) problems.push(`${path}: the compiler's notes are published`);
    if (/(^|\/)test\//.test(path)) problems.push(`${path}: a test is published`);
  }
  return problems;
}
