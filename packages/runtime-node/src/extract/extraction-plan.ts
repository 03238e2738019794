// What an extraction is: the settings that have a say in its bytes, its pictures and its model. Stored when it
// starts; a run that would write something else into the same folder is refused.

import type { JsonFacts } from "@internvit/model-core";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { RuntimeError } from "../errors.ts";
import { comparePictureLists, hashPictureList, type PictureList } from "./picture-list.ts";
import { type Probe, sameWeights } from "./probe.ts";
import { PICTURES_FILE, PLAN_FILE } from "./shard-files.ts";
import type { FeatureStorage } from "./shard-plan.ts";

/** What has a say in the bytes of the shards, besides pictures and weights. */
export interface ExtractionSettings {
  readonly batch_size: number;
  readonly shard_size: number;
  readonly storage: FeatureStorage;
  /** How pictures become pixels. */
  readonly pictures: JsonFacts;
  /** What ran: `VisionEncoder.info` without how long it took to load. */
  readonly encoder: JsonFacts;
}

/** The stored plan. */
export interface ExtractionPlan {
  readonly format: "internvit-extraction";
  readonly version: 1;
  readonly pictures: { readonly count: number; readonly sha256: string };
  readonly settings: ExtractionSettings;
  readonly probe: Probe;
  /** What the caller wants to be known of it; never compared, but for versions. */
  readonly provenance: JsonFacts;
}

/** Facts that may be different when a run goes on: names of what is compared by its contents, and speed. */
const FREE_TO_CHANGE = new Set([
  "encoder.checkpoint",
  "encoder.conversion.files",
  "encoder.notes",
  "encoder.passedOver",
  "encoder.threads",
  "encoder.versions.node",
  "versions.node",
]);

/** The plan of a run. */
export async function makePlan(
  list: PictureList,
  rest: Pick<ExtractionPlan, "settings" | "probe" | "provenance">,
): Promise<ExtractionPlan> {
  const { settings, probe, provenance } = rest;
  return {
    format: "internvit-extraction",
    version: 1,
    pictures: { count: list.keys.length, sha256: await hashPictureList(list) },
    settings,
    probe,
    provenance,
  };
}

/**
 * The plan of a folder; undefined when it has none.
 *
 * @throws RuntimeError `io` when it cannot be read or is none
 */
export async function readPlan(folder: string): Promise<ExtractionPlan | undefined> {
  const path = join(folder, PLAN_FILE);
  try {
    const plan = JSON.parse(await readFile(path, "utf8")) as ExtractionPlan | null;
    if (plan?.format === "internvit-extraction" && plan.version === 1) return plan;
    throw new Error("it is no extraction plan of version 1");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new RuntimeError("io", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Refuses a run that is not the one that was planned; returns the pictures of the plan.
 *
 * @throws RuntimeError `exists` that names what differs and what to do
 */
export async function checkSamePlan(
  planned: ExtractionPlan,
  now: { readonly plan: ExtractionPlan; readonly list: PictureList; readonly folder: string },
): Promise<PictureList> {
  const { plan, list, folder } = now;
  const differences = [
    ...compareFacts(planned.settings, plan.settings, ""),
    ...compareFacts(planned.provenance["versions"], plan.provenance["versions"], "versions"),
  ];
  if (!sameWeights(planned.probe, plan.probe)) {
    const [then, today] = [planned, plan].map(({ settings }) =>
      String(settings.encoder["checkpoint"]),
    );
    const where = then === today ? then : `${then} then, ${today} now`;
    differences.push(`weights: the model (${where}) gives other features for the same picture`);
  }
  const compared =
    planned.pictures.sha256 === plan.pictures.sha256
      ? { keys: list.keys, difference: undefined }
      : await comparePictureLists(join(folder, PICTURES_FILE), list);
  if (compared.difference !== undefined) differences.push(compared.difference);
  if (differences.length === 0) return { keys: compared.keys, pathOf: list.pathOf };
  throw new RuntimeError(
    "exists",
    `${folder} holds another extraction. What differs: ${differences.join("; ")}. Run it as it was begun, take another folder, or start it anew with restart (--restart)`,
  );
}

function compareFacts(then: unknown, now: unknown, path: string): readonly string[] {
  if (FREE_TO_CHANGE.has(path)) return [];
  if (isObject(then) && isObject(now)) {
    const keys = new Set([...Object.keys(then), ...Object.keys(now)]);
    return [...keys].flatMap((key) =>
      compareFacts(then[key], now[key], path === "" ? key : `${path}.${key}`),
    );
  }
  const [before, after] = [then, now].map((value) => JSON.stringify(value) ?? "nothing");
  return before === after ? [] : [`${path}: ${before} then, ${after} now`];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
