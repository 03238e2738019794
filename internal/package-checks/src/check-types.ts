// Are the types wrong? With the two ways of resolution that a package of ES modules supports: Node's own from a module,
// and a bundler's. Old Node and require() do not see `exports` or find a module where they cannot load one; that is
// what "ES modules only" means, and no problem of ours.

import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core";
import { problemAffectsResolutionKind, problemKindInfo } from "@arethetypeswrong/core/problems";

import type { PackedPackage } from "./packed-package.ts";

/** The complaints of are-the-types-wrong for ES modules. */
export async function checkTypes({ tarball }: PackedPackage): Promise<readonly string[]> {
  const result = await checkPackage(createPackageFromTarballData(tarball));
  if (result.types === false) return ["are-the-types-wrong: the package has no types"];
  return result.problems
    .filter((problem) =>
      (["node16-esm", "bundler"] as const).some((kind) =>
        problemAffectsResolutionKind(problem, kind, result),
      ),
    )
    .map(
      (problem) =>
        `are-the-types-wrong: ${problemKindInfo[problem.kind].title}: ${placeOf(problem)}`,
    );
}

function placeOf(problem: Problem): string {
  if ("entrypoint" in problem) return `${problem.entrypoint} (${problem.resolutionKind})`;
  if ("moduleSpecifier" in problem) return `${problem.fileName} imports ${problem.moduleSpecifier}`;
  return "fileName" in problem ? problem.fileName : problem.typesFileName;
}
