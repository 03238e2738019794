// Where the installed onnxruntime-node is.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The onnxruntime-node that sessions of this package use. */
export interface OnnxruntimeInstallation {
  readonly version: string;
  /** Folder of its native libraries for this platform, where it looks for those of other providers. */
  readonly folder: string;
}

/** Finds it; undefined when it is not installed or has nothing for this platform. */
export function onnxruntimeInstallation(): OnnxruntimeInstallation | undefined {
  let root: string;
  try {
    root = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node")), "..");
  } catch {
    return undefined;
  }
  const folder = join(root, "bin/napi-v6", process.platform, process.arch);
  if (!existsSync(folder)) return undefined;
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
  };
  return { version, folder };
}
