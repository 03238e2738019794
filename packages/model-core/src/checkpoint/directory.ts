// Where the files of a checkpoint are: a folder, a repository on a server, files a user picked in a browser, memory.

import { bytesSource, type ByteSource } from "../byte-source.ts";

/** A flat set of named files. Whoever makes one owns what its sources hold open. */
export interface CheckpointDirectory {
  /** What to call it in messages, such as a path. */
  readonly label: string;
  /**
   * Where it is, the same at every visit, such as `https://huggingface.co/owner/name@main`: what was kept of it is found
   * again by this. Missing for files that have no lasting place. Files there may change; see `ByteSource.version`.
   */
  readonly address?: string;
  /** A file by its plain name, or undefined when there is none. Rejects when it is there but cannot be read. */
  open(name: string): Promise<ByteSource | undefined>;
}

/** A directory of files in memory. */
export function memoryDirectory(
  label: string,
  files: ReadonlyMap<string, Uint8Array>,
): CheckpointDirectory {
  return {
    label,
    async open(name) {
      const bytes = files.get(name);
      return bytes === undefined ? undefined : bytesSource(bytes);
    },
  };
}
