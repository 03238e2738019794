// The profile that ONNX Runtime writes when profiling ends, for the sake of the placement that it tells.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Placement } from "@internvit/model-core";
import { countNodes } from "@internvit/model-core/session";

/** A profile that is being recorded. */
export interface PlacementRecord {
  /** For the session's `profileFilePrefix`. */
  readonly prefix: string;
  /** The placement, once profiling has ended; removes the profile. */
  read(): Placement;
}

/** Makes a folder for the profile. */
export function createPlacementRecord(): PlacementRecord {
  const folder = mkdtempSync(join(tmpdir(), "internvit-profile-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  // A session that is closed without being asked.
  process.once("exit", remove);
  return {
    prefix: join(folder, "profile"),
    read() {
      const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
      remove();
      process.off("exit", remove);
      return countNodes(texts.join("\n"));
    },
  };
}
