// Where ONNX Runtime put the nodes of a graph. From JavaScript it tells that in one place only: the profile that it
// writes when profiling ends, with one event per node and run.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Placement } from "./protocol.ts";

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

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: { readonly provider?: string; readonly node_index?: string };
}

/** Nodes by provider in a profile; a node that ran twice counts once. */
export function countNodes(profile: string): Placement {
  const providers = new Map<string, string>();
  for (const { cat, name = "", args } of JSON.parse(profile) as readonly ProfileEvent[]) {
    if (cat !== "Node" || !name.endsWith("_kernel_time") || args?.provider === undefined) continue;
    providers.set(`${args.node_index} ${name}`, args.provider);
  }
  const counts: Record<string, number> = {};
  for (const provider of providers.values()) counts[provider] = (counts[provider] ?? 0) + 1;
  return counts;
}
