// `internvit doctor --fix-cuda`: fetches what onnxruntime-node's own install script would, with a hash, going on where
// it was interrupted, and only because somebody asked.

import { join } from "node:path";

import type { HubFetch } from "@internvit/hub";
import { createHubFetch, hubSettings } from "@internvit/hub/node";
import {
  cacheFolder,
  type OnnxruntimeInstallation,
  onnxruntimeInstallation,
} from "@internvit/runtime-node";

import { progressReport } from "../checkpoints/find-model.ts";
import type { CommandContext } from "../context.ts";
import { CUDA_PACKAGE, NUGET_INDEX } from "../cuda/cuda-package.ts";
import { fetchCudaFiles, linkFiles } from "../cuda/install-cuda.ts";
import { type FeedPackage, findPackage } from "../cuda/nuget-feed.ts";
import { CliError } from "../errors.ts";
import { formatBytes } from "../terminal/quantities.ts";

/** Where the package comes from. */
export interface CudaSource {
  /** A feed's service index or a package; undefined is nuget.org. */
  readonly from: string | undefined;
  /** The hash of the package in hex; undefined is what the feed says. */
  readonly sha512: string | undefined;
}

/** What was done. */
export interface FixedCuda {
  /** The libraries in the cache. */
  readonly files: readonly string[];
  /** Where ONNX Runtime finds them. */
  readonly links: readonly string[];
}

/** Installs the CUDA libraries for the onnxruntime-node that is installed. */
export async function fixCuda(
  source: CudaSource & {
    /** What is repaired; default the one that this program uses. */
    readonly installation?: OnnxruntimeInstallation;
  },
  { report, signal, env }: CommandContext,
): Promise<FixedCuda> {
  const { version, folder: target } = source.installation ?? requireInstallation();
  const folder = join(cacheFolder(env), "onnxruntime", `${version}-cuda12-linux-x64`);
  await using network = createHubFetch(hubSettings(env));
  const { fetch } = network;
  const files = await fetchCudaFiles({
    locate: () => locate(source, { version, fetch, signal }),
    folder,
    fetch,
    onProgress: progressReport(report),
    onSize(bytes, url) {
      report({
        event: "notice",
        message: `downloading ${formatBytes(bytes)} from ${url}; the unpacked libraries go to ${folder}`,
      });
    },
    signal,
  });
  const links = await linkFiles(files, target);
  report({ event: "notice", message: `ONNX Runtime ${version} has its CUDA libraries: ${target}` });
  return { files, links };
}

function requireInstallation(): OnnxruntimeInstallation {
  const platform = `${process.platform}/${process.arch}`;
  if (platform !== "linux/x64") {
    throw new CliError(
      "usage",
      `--fix-cuda is for linux/x64, this is ${platform}: onnxruntime-node has no CUDA there`,
    );
  }
  const installation = onnxruntimeInstallation();
  if (installation === undefined) {
    throw new CliError(
      "not-found",
      "onnxruntime-node is not installed, so there is nothing to add to",
    );
  }
  return installation;
}

/** The package with the hash that it must have. */
async function locate(
  { from = NUGET_INDEX, sha512 }: CudaSource,
  options: { readonly version: string; readonly fetch: HubFetch; readonly signal: AbortSignal },
): Promise<FeedPackage> {
  const isPackage = /\.nupkg(\?|$)/.test(from);
  if (isPackage && sha512 !== undefined) return { url: from, sha512 };
  // A package alone says nothing of its hash: nuget.org, where it was published, is asked for that.
  const feed = await findPackage(isPackage ? NUGET_INDEX : from, { ...options, id: CUDA_PACKAGE });
  return { url: isPackage ? from : feed.url, sha512: sha512 ?? feed.sha512 };
}
