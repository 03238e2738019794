import { existsSync, readFileSync } from "node:fs";

import { goldenPath } from "@internvit/test-kit";

import { bytesSource } from "../src/byte-source.ts";
import type { CheckpointDirectory } from "../src/checkpoint/directory.ts";

/** A golden checkpoint folder, in memory. */
export function goldenDirectory(name: string): CheckpointDirectory {
  return {
    label: name,
    async open(file) {
      const path = goldenPath(name, file);
      return existsSync(path) ? bytesSource(readFileSync(path)) : undefined;
    },
  };
}
