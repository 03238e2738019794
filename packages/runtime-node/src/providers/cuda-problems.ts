// What is in the way of CUDA and TensorRT: ONNX Runtime's own files, the card's driver, NVIDIA's libraries.

import {
  CUDA_LIBRARIES,
  MIN_DRIVER,
  packageOf,
  PROVIDER_FILES,
  TENSORRT_LIBRARIES,
} from "../doctor/cuda-requirements.ts";
import type { LibraryFacts, MachineFacts, NvidiaFacts } from "../doctor/machine-facts.ts";
import { compareVersions, type ProviderProblem } from "./problem.ts";

/** Which of the two is meant. */
export type CudaProvider = "cuda" | "tensorrt";

/** Empty when ONNX Runtime's files for the provider are there; else that, and everything else that is in the way. */
export function cudaFileProblems(
  provider: CudaProvider,
  facts: MachineFacts,
): readonly ProviderProblem[] {
  const files = new Set([PROVIDER_FILES.shared, PROVIDER_FILES.cuda, PROVIDER_FILES[provider]]);
  const missing = [...files].filter((file) => !facts.onnxruntime.files.includes(file));
  if (missing.length === 0) return [];
  // The rest is told together with it: otherwise each repair would only show the next gap.
  const rest = cudaProblems(provider, facts);
  if (facts.nvidia === undefined) return rest;
  const verb = missing.length === 1 ? "is" : "are";
  return [
    {
      reason: `ONNX Runtime's ${missing.join(", ")} ${verb} not installed: the npm package comes without`,
      advice: "internvit doctor --fix-cuda",
    },
    ...rest,
  ];
}

/** What is in the way on the side of NVIDIA. */
export function cudaProblems(
  provider: CudaProvider,
  { nvidia, libraries }: MachineFacts,
): readonly ProviderProblem[] {
  if (nvidia === undefined) {
    // What else is missing does not matter then.
    return [
      {
        reason: "no NVIDIA card or driver was found",
        advice:
          "needed is an NVIDIA card with NVIDIA's driver; a container is started with --gpus all",
      },
    ];
  }
  const wanted: readonly string[] =
    provider === "cuda" ? CUDA_LIBRARIES : [...CUDA_LIBRARIES, ...TENSORRT_LIBRARIES];
  return [
    ...driverProblems(nvidia),
    ...libraryProblems(libraries.filter(({ name }) => wanted.includes(name))),
  ];
}

function driverProblems({ driver, cards }: NvidiaFacts): readonly ProviderProblem[] {
  if (driver === undefined) {
    return [
      {
        reason: `there is an NVIDIA card (${cards.join(", ")}), but its driver is not running`,
        advice: `install NVIDIA's driver, ${MIN_DRIVER} or later`,
      },
    ];
  }
  if (compareVersions(driver, MIN_DRIVER) >= 0) return [];
  return [
    {
      reason: `NVIDIA's driver is ${driver}; CUDA 12 needs ${MIN_DRIVER} or later`,
      advice: "update NVIDIA's driver",
    },
  ];
}

/** One problem for each package that is missing and each folder that nobody looks into. */
function libraryProblems(libraries: readonly LibraryFacts[]): readonly ProviderProblem[] {
  const problems: ProviderProblem[] = [];
  const missing = groupBy(
    libraries.filter(({ path }) => path === undefined),
    ({ name }) => packageOf(name),
  );
  for (const [what, group] of missing) {
    const others = group.flatMap((library) => library.others);
    const instead =
      others.length === 0 ? "" : ` (there is ${others.join(", ")}, which is another version)`;
    problems.push({
      reason: `${listNames(group)} missing${instead}`,
      advice: `install ${what}`,
    });
  }
  const hidden = groupBy(
    libraries.filter(({ path, reachable }) => path !== undefined && !reachable),
    ({ path = "" }) => path.slice(0, path.lastIndexOf("/")),
  );
  for (const [folder, group] of hidden) {
    problems.push({
      reason: `${listNames(group)} in ${folder}, where the system's loader does not look`,
      advice: `set LD_LIBRARY_PATH=${folder}, or name the folder in a file of /etc/ld.so.conf.d and run ldconfig`,
    });
  }
  return problems;
}

function listNames(libraries: readonly LibraryFacts[]): string {
  return `${libraries.map(({ name }) => name).join(", ")} ${libraries.length === 1 ? "is" : "are"}`;
}

/** Map.groupBy, which Node 20 does not have. */
function groupBy<T>(values: readonly T[], key: (value: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}
