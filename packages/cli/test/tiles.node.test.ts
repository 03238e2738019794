import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fixturePath, goldenPath, readGoldenJson } from "@internvit/test-kit";
import sharp from "sharp";
import { describe, expect, it } from "vitest";

import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const PHOTO = fixturePath("images", "photo-444.jpg");

function tiles(image: string, output: string, ...options: string[]) {
  return runCli(["--json", "tiles", image, "--output", output, ...options]);
}

describe("tiles", () => {
  it("writes the golden tiles, the thumbnail last, and a contact sheet", async () => {
    using folder = temporaryFolder();
    const photo = goldenPath("images", "photo-444.jpg");
    const finished = await tiles(photo, folder.path, "--max-tiles", "12");
    expect(finished.code).toBe(0);
    const plan = JSON.parse(readFileSync(join(folder.path, "plan.json"), "utf8"));
    const { images } = readGoldenJson("preprocess.json") as {
      images: Record<string, { tiles: Record<string, string[]> }>;
    };
    const hashes: string[] = [];
    for (const name of plan.tile_files) {
      const pixels = await sharp(join(folder.path, name)).raw().toBuffer();
      hashes.push(createHash("sha256").update(pixels).digest("hex"));
    }
    expect(hashes).toEqual(images["photo-444.jpg"]!.tiles["max12-thumb"]);
    expect(plan.tile_files.at(-1)).toBe("thumbnail.png");
    const sheet = await sharp(join(folder.path, "contact-sheet.png")).metadata();
    expect(sheet.width).toBeGreaterThan(500);
    expect(eventsOf(finished).at(-1)).toMatchObject({
      command: "tiles",
      grid: plan.grid,
      tile_count: hashes.length,
    });
  });

  it("leaves out the thumbnail when told so, and for a single tile", async () => {
    using folder = temporaryFolder();
    for (const options of [["--no-thumbnail"], ["--max-tiles", "1"]]) {
      const output = join(folder.path, options[0]!);
      expect((await tiles(PHOTO, output, ...options)).code).toBe(0);
      expect(existsSync(join(output, "thumbnail.png"))).toBe(false);
    }
  });

  it("removes its own tiles of an earlier run that are no longer there, and nothing else", async () => {
    using folder = temporaryFolder();
    await tiles(PHOTO, folder.path, "--max-tiles", "12");
    writeFileSync(join(folder.path, "tile-99.png"), "mine");
    await tiles(PHOTO, folder.path, "--max-tiles", "1");
    expect(readdirSync(folder.path).toSorted()).toEqual([
      "contact-sheet.png",
      "plan.json",
      "tile-00.png",
      "tile-99.png",
    ]);
  });

  it.each([
    ["one-pixel.png", "1"],
    ["tall.jpg", "40"],
    ["wide.png", "40"],
  ])("draws %s in up to %s tiles", async (name, maxTiles) => {
    using folder = temporaryFolder();
    const finished = await tiles(fixturePath("images", name), folder.path, "--max-tiles", maxTiles);
    expect(finished.code).toBe(0);
  });

  it("refuses limits that exclude each other and files that are no pictures", async () => {
    using folder = temporaryFolder();
    const wrong = await tiles(PHOTO, folder.path, "--min-tiles", "4", "--max-tiles", "2");
    expect(wrong.code).toBe(2);
    expect(wrong.stdout).toContain("--min-tiles 4 is more than --max-tiles 2");
    const broken = join(folder.path, "broken.jpg");
    writeFileSync(broken, "no picture");
    const output = join(folder.path, "out");
    expect((await tiles(broken, output)).code).toBe(1);
    expect(existsSync(output)).toBe(false);
  });
});
