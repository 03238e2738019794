import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new empty folder, and its removal. */
export function temporaryFolder(): Disposable & {
  readonly path: string;
  /** What is in it, sorted. */
  readonly names: () => readonly string[];
} {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "internvit-train-")));
  return {
    path,
    names: () => readdirSync(path).toSorted(),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
