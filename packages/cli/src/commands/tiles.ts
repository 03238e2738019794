// `internvit tiles`: the tiles of one picture as files, and a contact sheet to look at.

import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { planTiles, type TilePlan } from "@internvit/model-core";
import { type RgbImage, tileImage } from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";

import type { CommandContext } from "../context.ts";
import { drawContactSheet } from "../drawing/contact-sheet.ts";
import { writePng } from "../drawing/write-png.ts";
import { CliError, writeError } from "../errors.ts";
import { formatMany } from "../terminal/quantities.ts";
import { planFacts } from "../pictures/plan-facts.ts";
import { checkTarget, createTemporaryFiles } from "../results/temporary-files.ts";
import { versionFacts } from "./provenance.ts";

/** What `tiles` is asked for. */
export interface TilesRequest {
  readonly image: string;
  /** Folder for the files; made when it is not there. */
  readonly output: string;
  /** Side of a tile in pixels; undefined is 448. */
  readonly imageSize: number | undefined;
  readonly minTiles: number | undefined;
  readonly maxTiles: number | undefined;
  readonly thumbnail: boolean;
  readonly orientation: "ignore" | "apply";
  readonly maxPixels: number | undefined;
  readonly maxSide: number | undefined;
}

/** What every published InternVL takes. */
const TILE_SIZE = 448;
const PLAN_FILE = "plan.json";
const SHEET_FILE = "contact-sheet.png";
const TILE_FILE = /^(tile-\d{2,3}|thumbnail)\.png$/;

/** Writes the tiles and returns the exit code. */
export async function tiles(
  request: TilesRequest,
  { report, signal }: CommandContext,
): Promise<number> {
  const { image, output, imageSize = TILE_SIZE, minTiles = 1, maxTiles = 12 } = request;
  const { orientation, maxPixels, maxSide, thumbnail } = request;
  if (minTiles > maxTiles) {
    throw new CliError("usage", `--min-tiles ${minTiles} is more than --max-tiles ${maxTiles}`);
  }
  configureSharp();
  const decoded = await decodeImage(image, {
    orientation,
    signal,
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(maxSide === undefined ? {} : { maxSide }),
  });
  const options = { tileSize: imageSize, minTiles, maxTiles, useThumbnail: thumbnail };
  const plan = planTiles(decoded.image, options);
  const cut = tileImage(decoded.image, plan);
  const names = tileNames(plan);
  await prepareFolder(output);
  await removeStale(output, names);
  for (const [index, tile] of cut.entries()) {
    const name = names[index] as string;
    signal.throwIfAborted();
    await writePng(join(output, name), { image: tile, description: `${name} of ${image}` });
    const done = index + 1;
    report({ event: "progress", stage: "write", done, total: cut.length, unit: "images" });
  }
  await writeSheet(join(output, SHEET_FILE), { picture: decoded.image, plan, tiles: cut, image });
  const facts = { image, ...planFacts(plan), tile_files: names, orientation, ...versionFacts() };
  await writeText(join(output, PLAN_FILE), `${JSON.stringify(facts, null, 2)}\n`);
  const { columns, rows } = plan.grid;
  const parts = `${columns} column${columns === 1 ? "" : "s"} × ${rows} row${rows === 1 ? "" : "s"}`;
  report({
    event: "result",
    command: "tiles",
    facts: { ...facts, files: [SHEET_FILE, PLAN_FILE, ...names].map((name) => join(output, name)) },
    text: [
      `${image}: ${plan.source.width}x${plan.source.height} pixels, ${formatMany(plan.tileCount, "tile")}: ${parts}${plan.hasThumbnail ? " and a thumbnail" : ""}`,
      `resized to ${plan.resized.width}x${plan.resized.height}, tiles of ${plan.tileSize}x${plan.tileSize}`,
      `look at ${join(output, SHEET_FILE)}`,
    ].join("\n"),
  });
  return 0;
}

function tileNames({ tiles: rectangles, hasThumbnail }: TilePlan): readonly string[] {
  const names = rectangles.map((_, index) => `tile-${String(index).padStart(2, "0")}.png`);
  return hasThumbnail ? [...names, "thumbnail.png"] : names;
}

async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(folder, cause);
  });
  await checkTarget(join(folder, PLAN_FILE));
}

/** Removes the tiles of an earlier run that this one does not write; only what its plan.json names is its own. */
async function removeStale(folder: string, names: readonly string[]): Promise<void> {
  const earlier = await readEarlierTiles(join(folder, PLAN_FILE));
  for (const name of earlier) {
    if (!names.includes(name)) await rm(join(folder, name), { force: true });
  }
}

async function readEarlierTiles(path: string): Promise<readonly string[]> {
  try {
    const { tile_files: files } = JSON.parse(await readFile(path, "utf8")) as {
      readonly tile_files?: unknown;
    };
    if (!Array.isArray(files)) return [];
    return files.filter((name) => typeof name === "string" && TILE_FILE.test(name));
  } catch {
    // There is none, or it is somebody else's: then nothing here is ours to remove.
    return [];
  }
}

async function writeSheet(
  path: string,
  options: {
    readonly picture: RgbImage;
    readonly plan: TilePlan;
    readonly tiles: readonly RgbImage[];
    readonly image: string;
  },
): Promise<void> {
  const { picture, image, ...rest } = options;
  const sheet = drawContactSheet(picture, rest);
  await writePng(path, { image: sheet, description: `Tiles of ${image}` });
}

async function writeText(path: string, text: string): Promise<void> {
  await using temporaries = createTemporaryFiles(path);
  const file = await temporaries.create();
  await file.append(new TextEncoder().encode(text));
  await file.close();
  await temporaries.rename(file, path);
}
