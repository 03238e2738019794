// Folders that hold something else than the extraction that is asked for.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { ExtractToShardsOptions, PictureList } from "@internvit/runtime-node";
import { afterAll, describe, expect, it } from "vitest";

import { countingEncoder } from "../pipeline/small-pictures.ts";
import { differentFiles } from "./read-shards.ts";
import { OUTPUTS, smallExtractions } from "./small-extractions.ts";

const extractions = await smallExtractions();
const { extract, interrupted, list, listOf, newOutput, undisturbed } = extractions;
afterAll(() => extractions[Symbol.dispose]());

/** The message with which a folder that holds part of another extraction is refused. */
async function refuse(
  options: Partial<ExtractToShardsOptions>,
  pictures: PictureList = list,
): Promise<string> {
  const output = await interrupted(40);
  const before = readdirSync(output).sort();
  const error = (await extract({ output, ...options }, pictures).catch(
    (error: unknown) => error,
  )) as Error;
  expect(error).toMatchObject({ name: "RuntimeError", code: "exists" });
  expect(readdirSync(output).sort()).toEqual(before);
  return error.message;
}

describe("a folder that holds something else", () => {
  it("is refused with what differs in the settings", async () => {
    expect(await refuse({ batchSize: 8, shardSize: 50, orientation: "apply" })).toMatch(
      /What differs: batch_size: 4 then, 8 now; shard_size: 30 then, 50 now; pictures.orientation: "ignore" then, "apply" now\. .*restart/,
    );
    expect(await refuse({ encoder: countingEncoder() })).toMatch(/encoder.outputs/);
  });

  it("is refused for other weights under the same name", async () => {
    const encoder = countingEncoder({ outputs: OUTPUTS, offset: 1000 });
    expect(await refuse({ encoder })).toMatch(
      /weights: the model \(counting\) gives other features for the same picture/,
    );
  });

  it("is refused for another list of pictures", async () => {
    const { keys } = list;
    expect(await refuse({}, listOf(keys.slice(1)))).toMatch(
      /pictures: 100 then, 99 now \(000000.png is left out\)/,
    );
    expect(await refuse({}, listOf([...keys, "new.png"]))).toMatch(
      /pictures: 100 then, 101 now \(new.png is new\)/,
    );
    expect(await refuse({}, listOf([...keys.slice(0, 98), keys[99]!, keys[98]!]))).toMatch(
      /000098.png has another place/,
    );
  });

  it("is started anew with restart, which removes nothing else", async () => {
    const output = await interrupted(40);
    await extract({ output, batchSize: 8, restart: true });
    const fresh = newOutput();
    await extract({ output: fresh, batchSize: 8 });
    expect(differentFiles(fresh, output)).toEqual([]);
    writeFileSync(join(output, "notes.txt"), "mine");
    await extract({ output, restart: true });
    expect(differentFiles(undisturbed, output)).toEqual(["notes.txt"]);
  });

  it("is refused when it holds no extraction", async () => {
    const output = newOutput();
    mkdirSync(output);
    writeFileSync(join(output, "notes.txt"), "mine");
    await expect(extract({ output })).rejects.toMatchObject({
      code: "exists",
      message: expect.stringContaining("is not empty (it has notes.txt)") as string,
    });
    expect(readdirSync(output)).toEqual(["notes.txt"]);
    await expect(extract({ output: join(output, "notes.txt") })).rejects.toThrow(/found a file/);
  });

  it("is refused while another run writes to it", async () => {
    const output = newOutput();
    const encoder = countingEncoder({ onRun: () => sleep(20) });
    const first = extract({ output, encoder });
    await sleep(300);
    await expect(extract({ output, encoder })).rejects.toMatchObject({
      code: "exists",
      message: expect.stringContaining(`is being written by process ${process.pid}`) as string,
    });
    await first;
  });
});
