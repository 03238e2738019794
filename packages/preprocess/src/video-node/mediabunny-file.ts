// A video file through mediabunny with the decoders of @mediabunny/server. Both packages are optional, so they are
// loaded when the first video is opened. Software decoding, so that a machine's graphics card never changes pixels.

import { createRequire } from "node:module";
import { open, type FileHandle } from "node:fs/promises";

import type { ByteSource } from "@internvit/model-core";

import type { FrameDecoder } from "../video/create-video-source.ts";
import type { VideoLimits } from "../video/video-source.ts";

/** The two packages, ready to use. */
export interface MediabunnyPackages {
  readonly openDecoder: typeof import("../video/open-video.ts").openDecoder;
  /** Name and version of both, for result files. */
  readonly decoder: string;
}

/**
 * Loads mediabunny and registers the decoders.
 *
 * @throws the loader's error where one of the packages or its native binary is missing.
 */
export async function loadMediabunny(): Promise<MediabunnyPackages> {
  const { registerMediabunnyServer } = await import("@mediabunny/server");
  const { openDecoder } = await import("../video/open-video.ts");
  registerMediabunnyServer({ hardwareContext: null });
  const decoder = ["mediabunny", "@mediabunny/server"]
    .map((name) => `${name} ${packageVersion(name)}`)
    .join(" with ");
  return { openDecoder, decoder: `${decoder} (software decoding), own YUV to RGB` };
}

/** Why the packages could not be loaded, in words that say what to do. */
export function describeLoadError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return "mediabunny or @mediabunny/server is not installed";
  }
  const [line = ""] = String(message).split("\n");
  if (line.includes("native binding")) {
    return `@mediabunny/server is installed, but its native binary is missing: ${line.replace(/\.$/u, "")}`;
  }
  return `@mediabunny/server does not load: ${line}`;
}

/** The decoder for the file at `path`, which stays open until the decoder is closed. */
export async function createMediabunnyFileDecoder(
  path: string,
  options: VideoLimits & {
    readonly packages: MediabunnyPackages;
    readonly subject: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<FrameDecoder> {
  const { packages } = options;
  const file = await open(path);
  return packages.openDecoder(await fileSource(file), {
    ...options,
    decoder: packages.decoder,
    advice: "@mediabunny/server has no decoder for it",
    preference: "prefer-software",
    release: () => file.close(),
  });
}

async function fileSource(file: FileHandle): Promise<ByteSource> {
  const { size } = await file.stat();
  return {
    byteLength: size,
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    },
  };
}

function packageVersion(name: string): string {
  try {
    // The entry point is exported and package.json is not; it lies in a folder above.
    const entry = createRequire(import.meta.url)
      .resolve(name)
      .replaceAll("\\", "/");
    const folder = entry.slice(0, entry.lastIndexOf(`/${name}/`) + name.length + 2);
    const { version } = createRequire(import.meta.url)(`${folder}package.json`) as {
      readonly version: string;
    };
    return version;
  } catch {
    return "of unknown version";
  }
}
