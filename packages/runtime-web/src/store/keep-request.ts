// Whether weights are kept, under which key, and what is said about it.

import type { ByteSource } from "@internvit/model-core";

import { blobOf } from "../blob-source.ts";
import { RuntimeError } from "../errors.ts";
import type { KeepOrder, KeptReport } from "../worker/keep-order.ts";
import type { WeightForm, WeightRecipe } from "../worker/protocol.ts";
import { STORE_PLACES, type StorePlace } from "../worker/stored-files.ts";
import { PLAN_VERSION } from "../worker/weight-plan.ts";
import { type CheckpointRecord, recordPath } from "./checkpoint-record.ts";
import { hashText, sha256OfText } from "./hash-text.ts";

/**
 * Where weights are between visits: `opfs` and `cache` (the Cache API) stay with the site; `memory` are Blobs that end
 * with the encoder. `auto` keeps what comes from a server, in the first place that the browser has, and nothing else.
 */
export type WeightsPlace = StorePlace | "memory" | "auto";

/** What the keeping of a checkpoint's weights depends on. */
export interface KeepRequest {
  readonly wanted: WeightsPlace;
  /** `CheckpointDirectory.address`, or the label where there is none. */
  readonly address: string;
  readonly label: string;
  readonly record: CheckpointRecord | undefined;
}

/**
 * The order for the worker, or why there is none; both undefined when nothing is to be kept or said.
 *
 * @throws RuntimeError `unsupported` when a named place cannot be used.
 */
export async function keepOrder(
  recipe: WeightRecipe,
  {
    sources,
    request,
  }: {
    readonly sources: ReadonlyMap<string, ByteSource>;
    readonly request: KeepRequest;
  },
): Promise<{ readonly order?: KeepOrder; readonly note?: string }> {
  const { wanted, address, label, record } = request;
  const isRemote = [...sources.values()].some((source) => blobOf(source) === undefined);
  if (wanted === "memory" || (wanted === "auto" && !isRemote)) return {};
  const unknown = [...sources].find(([, { version }]) => version === undefined)?.[0];
  const problem = !isSecureContext
    ? "the page is not secure (https, or localhost), and browsers let it keep nothing"
    : unknown === undefined
      ? undefined
      : `nothing tells whether ${unknown} has changed when it is opened again (no hash, ETag or date)`;
  if (problem !== undefined) {
    const note = `weights are not kept between visits: ${problem}`;
    if (wanted === "auto") return { note };
    throw new RuntimeError("unsupported", `weights: ${wanted} was asked for, but ${note}`);
  }
  const versions = [...sources].map(([name, { byteLength, version }]) => [
    name,
    byteLength,
    version,
  ]);
  const key = await hashText(JSON.stringify([PLAN_VERSION, recipe, versions]));
  return {
    order: {
      about: {
        format: "internvit-weights",
        key,
        address,
        label,
        form: wordsOf(recipe.form, recipe.projector !== undefined),
        created: new Date().toISOString(),
      },
      places: wanted === "auto" ? STORE_PLACES : [wanted],
      required: wanted !== "auto",
      record:
        record === undefined
          ? undefined
          : { path: await recordPath(record.address), text: JSON.stringify(record) },
    },
  };
}

function wordsOf(form: WeightForm, projected: boolean): string {
  const words =
    form.kind === "converted"
      ? `${form.dtype} for ${form.target}`
      : form.float32
        ? "float32"
        : "the checkpoint's numbers";
  return projected ? `${words}, with projector` : words;
}

/** What a user should know of what became of an order. */
export function keptNotes(report: KeptReport, persisted: boolean | undefined): readonly string[] {
  const { place, passedOver, damage } = report;
  const reasons = passedOver.length === 0 ? "" : ` (${passedOver.join("; ")})`;
  if (place === undefined) {
    return [`weights are not kept between visits: the browser has no place for them${reasons}`];
  }
  const where = place === "opfs" ? "OPFS" : `the Cache API${reasons}`;
  const lasting =
    persisted === true
      ? "until somebody removes them"
      : `until the browser needs the space (it ${persisted === false ? "granted no" : "has not answered whether there is"} persistent storage)`;
  return [
    ...(damage === undefined
      ? []
      : [`the stored weights were damaged (${damage}) and were fetched again`]),
    `weights ${report.found ? "come from" : "are kept in"} ${where}, ${lasting}`,
  ];
}

/**
 * Asks the browser to keep what this site stores; once, where it has not been granted yet. Undefined when it does not
 * say: some ask the user first, who need not answer.
 */
export async function askToPersist(): Promise<boolean | undefined> {
  const { storage } = navigator;
  if (typeof storage?.persist !== "function") return undefined;
  try {
    return (await storage.persisted()) || (await storage.persist());
  } catch {
    return undefined;
  }
}

/**
 * `EncoderInfo.checkpointHash` of weight files whose content's hash is known without reading them: the hub lists it.
 * Undefined for all others.
 */
export async function listedHash(
  sources: ReadonlyMap<string, ByteSource>,
): Promise<string | undefined> {
  const versions = [...sources]
    .map(([name, { version }]) => ({ name: name.replace(/^projector:/, ""), version }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ version }) => version);
  const hashes = versions.flatMap((version) =>
    version?.startsWith("sha256:") === true ? [version.slice("sha256:".length)] : [],
  );
  if (hashes.length === 0 || hashes.length < versions.length) return undefined;
  const [only] = hashes;
  if (hashes.length === 1) return only;
  // Only secure pages can compute one.
  return isSecureContext ? sha256OfText(hashes.join("\n")) : undefined;
}
