import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  createVisionEncoder,
  extractToShards,
  type ExtractionEvent,
  type ExtractToShardsOptions,
  type PictureList,
} from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  countingEncoder,
  PREPARATION,
  temporaryFolder,
  watchThreads,
  writePictures,
} from "../pipeline/small-pictures.ts";
import { differentFiles, float32Of, readJson, readShard, sha256 } from "./read-shards.ts";

const preparation = PREPARATION;
const folder = temporaryFolder();
const input = join(folder.path, "pictures");
/** What this process writes into a lock. */
let ownLock: object = {};
/** An extraction of all pictures that nothing disturbed. */
const undisturbed = join(folder.path, "undisturbed");
let list: PictureList;

beforeAll(async () => {
  await writePictures(input, 100);
  for (const i of [0, 17, 18, 19, 20, 99]) writeFileSync(join(input, nameOf(i)), "no picture");
  list = listOf(readdirSync(input).sort());
  const onEvent = (): void => {
    ownLock = readJson<object>(undisturbed, "extraction.lock");
  };
  await extract({ output: undisturbed, onEvent });
});
afterAll(() => folder[Symbol.dispose]());

function nameOf(i: number): string {
  return `${String(i).padStart(6, "0")}.png`;
}

function listOf(keys: readonly string[]): PictureList {
  return { keys, pathOf: (key) => join(input, key) };
}

let outputs = 0;
/** A folder that is not there yet, or a copy of an extraction. */
function newOutput(from?: string): string {
  const output = join(folder.path, `output-${outputs++}`);
  if (from !== undefined) cpSync(from, output, { recursive: true });
  return output;
}

function extract(
  options: Partial<ExtractToShardsOptions> & { readonly output: string },
  pictures: PictureList = list,
): ReturnType<typeof extractToShards> {
  return extractToShards(pictures, {
    encoder: countingEncoder({ outputs: ["pooler_output", "last_hidden_state"] }),
    preparation,
    batchSize: 4,
    shardSize: 30,
    workers: 1,
    onBadPicture: "skip",
    ...options,
  });
}

/** An extraction that was ended by its signal when it had written so many pictures. */
async function interrupted(pictures: number): Promise<string> {
  const output = newOutput();
  const controller = new AbortController();
  const { signal } = controller;
  // Slow enough that it is not at its end when it is to be ended.
  const outputs = ["pooler_output", "last_hidden_state"] as const;
  const encoder = countingEncoder({ outputs, onRun: () => sleep(20) });
  const onEvent = (event: ExtractionEvent): void => {
    if (event.kind === "progress" && event.progress.done >= pictures) controller.abort();
  };
  await expect(extract({ output, encoder, signal, onEvent })).rejects.toThrow(/abort/i);
  return output;
}

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

describe("extractToShards", () => {
  it("writes rows in order, with the key of each, its bad pictures and its hash", () => {
    const all: string[] = [];
    for (const [shard, pictures] of [30, 30, 30, 10].entries()) {
      const index = readJson<{
        file: string;
        sha256: string;
        byteLength: number;
        first: number;
        pictures: number;
        keys: string[];
        bad: { position: number; key: string; code: string; message: string }[];
      }>(undisturbed, `features-0000${shard}.json`);
      const bytes = readFileSync(join(undisturbed, index.file));
      expect(index).toMatchObject({ first: shard * 30, pictures, sha256: sha256(bytes) });
      expect(bytes.byteLength).toBe(index.byteLength);
      const rows = index.keys.length;
      const { tensors } = readShard(join(undisturbed, index.file));
      const numbers = index.keys.map((key) => Number.parseInt(key, 10));
      const { pooler_output: pooler, last_hidden_state: tokens } = tensors;
      expect(pooler).toMatchObject({ dtype: "F32", shape: [rows, 2] });
      expect(tokens).toMatchObject({ dtype: "F32", shape: [rows, 2, 3] });
      expect(float32Of(pooler!).filter((_, i) => i % 2 === 0)).toEqual(numbers);
      expect(float32Of(tokens!)).toEqual(numbers.flatMap((number) => Array(6).fill(number)));
      for (const { position, key, code, message } of index.bad) {
        expect(key).toBe(nameOf(position));
        expect(code).toBe("unsupported");
        expect(message).toMatch(`${key}: expected a JPEG`);
      }
      all.push(...index.keys, ...index.bad.map(({ key }) => key));
    }
    expect(all.sort()).toEqual(list.keys);
  });

  it("forms batches from fixed slices, which end with the shard", () => {
    // 30 pictures are 7 batches of 4 and one of 2; pictures 17 to 20 are bad and shorten theirs.
    const { tensors } = readShard(join(undisturbed, "features-00000.safetensors"));
    const sizes = float32Of(tensors["pooler_output"]!).filter((_, i) => i % 2 === 1);
    const runs = [3, 4, 4, 4, 1, 3, 4, 2];
    expect(sizes).toEqual(runs.flatMap((size) => Array(size).fill(size)));
  });

  it("says in the manifest what the folder holds and how it was made", async () => {
    const output = newOutput();
    const summary = await extract({ output, provenance: { model: "counting", seed: 3 } });
    expect(summary).toMatchObject({ pictures: 100, rows: 94, bad: 6, shards: 4, extracted: 100 });
    expect(summary.manifest).toBe(join(output, "manifest.json"));
    const manifest = readJson<{ shards: { file: string; sha256: string }[] }>(summary.manifest);
    expect(manifest).toMatchObject({
      format: "internvit-extraction",
      pictures: { count: 100, sha256: sha256(readFileSync(join(output, "pictures.jsonl"))) },
      totals: { pictures: 100, rows: 94, bad: 6, shards: 4 },
      outputs: [
        { name: "pooler_output", dtype: "float32", row_shape: [2] },
        { name: "last_hidden_state", dtype: "float32", row_shape: [2, 3] },
      ],
      settings: {
        batch_size: 4,
        shard_size: 30,
        pictures: { mode: "square", side: 8, orientation: "ignore" },
        encoder: { executionProvider: "none", device: "none", dtype: "float32" },
      },
      provenance: { model: "counting", seed: 3 },
    });
    for (const { file, sha256: hash } of manifest.shards) {
      expect(sha256(readFileSync(join(output, file)))).toBe(hash);
    }
    expect(readFileSync(summary.manifest, "utf8")).not.toMatch(/\d{4}-\d\d-\d\dT/);
  });

  it("leaves nothing but the plan, the list, the shards and the manifest", () => {
    const names = ["00000", "00001", "00002", "00003"].flatMap((shard) => [
      `features-${shard}.json`,
      `features-${shard}.safetensors`,
    ]);
    expect(readdirSync(undisturbed).sort()).toEqual([
      "extraction.json",
      ...names,
      "manifest.json",
      "pictures.jsonl",
    ]);
  });

  it("stores float16 when it is told to", async () => {
    const output = newOutput();
    await extract({ output, storage: "float16" });
    const { tensors } = readShard(join(output, "features-00003.safetensors"));
    expect(tensors["pooler_output"]).toMatchObject({ dtype: "F16", shape: [9, 2] });
    // 90 is 1.40625 × 2^6.
    expect(tensors["pooler_output"]?.bytes.readUInt16LE(0)).toBe(0x55a0);
  });

  it("says in every shard that weights are random", async () => {
    const output = newOutput();
    const counting = countingEncoder();
    const encoder = { ...counting, info: { ...counting.info, synthesized: "random, seed 3" } };
    await extract({ output, encoder });
    const { metadata } = readShard(join(output, "features-00002.safetensors"));
    expect(metadata).toEqual({ synthesized: "random, seed 3" });
  });

  it("writes the same bytes with a real session, several of them, and more workers", async () => {
    const settings = { batchSize: 4, threads: 1 };
    const model = fixturePath("tiny-layernorm");
    await using first = await createVisionEncoder(model, settings);
    await using second = await createVisionEncoder(model, settings);
    const { height, width } = first.info.inputSize;
    const square = {
      ...preparation,
      mode: "square",
      side: height,
      size: { height, width },
    } as const;
    const [one, two] = [newOutput(), newOutput()];
    await extract({ output: one, encoder: first, preparation: square, workers: 1 });
    await extract({ output: two, encoder: [first, second], preparation: square, workers: 3 });
    expect(differentFiles(one, two)).toEqual([]);
  });
});

describe("a run that goes on", () => {
  it.each([4, 28, 30, 60, 90])(
    "ends with the same bytes after an abort at %i",
    async (pictures) => {
      const output = await interrupted(pictures);
      expect(readdirSync(output)).not.toContain("extraction.lock");
      expect(readdirSync(output)).not.toContain("manifest.json");
      const events: ExtractionEvent[] = [];
      const summary = await extract({ output, onEvent: (event) => events.push(event) });
      expect(events[0]).toMatchObject({ kind: "started", total: 100 });
      expect(summary.extracted).toBeLessThanOrEqual(100 - pictures);
      expect(summary).toMatchObject({ rows: 94, bad: 6 });
      expect(differentFiles(undisturbed, output)).toEqual([]);
    },
  );

  it("does nothing more when everything is there", async () => {
    const output = newOutput(undisturbed);
    const encoder = countingEncoder({ outputs: ["pooler_output", "last_hidden_state"] });
    expect(await extract({ output, encoder })).toMatchObject({ extracted: 0, rows: 94 });
    // The fixed picture by which the model is known.
    expect(encoder.runs).toEqual([1]);
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  /** What a kill leaves at a moment of the last steps of shard 1, and at the very beginning. */
  const moments: Readonly<Record<string, (output: string) => void>> = {
    "a line of the journal is half written": (output) => {
      const journal = join(output, "features-00001.journal");
      writeFileSync(journal, `${readFileSync(journal, "utf8")}{"batch":7,"ba`);
    },
    "the journal is there, but the rows are not": (output) => {
      truncateSync(join(output, "features-00001.partial"), 100);
    },
    "the journal is cut off in the middle": (output) => {
      truncateSync(join(output, "features-00001.journal"), 45);
    },
    "rows were written after the last line of the journal": (output) => {
      truncateSync(join(output, "features-00001.journal"), 44);
    },
    "the copy without free rows is half written": (output) => {
      writeFileSync(join(output, "features-00003.compact"), Buffer.alloc(70, 1));
    },
    "the manifest is half written": (output) => {
      writeFileSync(join(output, "manifest.json.part"), "{");
    },
    "the plan is not there yet": (output) => {
      for (const name of readdirSync(output)) rmSync(join(output, name));
      copyFileSync(join(undisturbed, "pictures.jsonl"), join(output, "pictures.jsonl"));
      writeFileSync(join(output, "extraction.json.part"), "{");
    },
    "the lock of a process that is no more is there": (output) => {
      const gone = { ...ownLock, pid: 2 ** 22 + 1 };
      writeFileSync(join(output, "extraction.lock"), JSON.stringify(gone));
    },
    "the lock of another process that had the number of a living one is there": (output) => {
      const gone = { ...ownLock, started: "1" };
      writeFileSync(join(output, "extraction.lock"), JSON.stringify(gone));
    },
    "the lock is empty": (output) => {
      writeFileSync(join(output, "extraction.lock"), "");
    },
  };
  it.each(Object.keys(moments))("ends with the same bytes when %s", async (moment) => {
    const output = await interrupted(52);
    moments[moment]?.(output);
    await extract({ output });
    expect(differentFiles(undisturbed, output).filter((name) => !name.endsWith(".part"))).toEqual(
      [],
    );
  });

  it("finishes shards that were killed between their last row and their name", async () => {
    const output = newOutput(undisturbed);
    rmSync(join(output, "manifest.json"));
    // Shard 1 has no bad picture: its partial file is the shard. It has its index, but not its name.
    renameSync(join(output, "features-00001.safetensors"), join(output, "features-00001.partial"));
    const lines = Array.from({ length: 8 }, (_, batch) => JSON.stringify({ batch, bad: [] }));
    writeFileSync(join(output, "features-00001.journal"), `${lines.join("\n")}\n`);
    const events: ExtractionEvent[] = [];
    const summary = await extract({ output, onEvent: (event) => events.push(event) });
    expect(summary.extracted).toBe(0);
    expect(events.filter(({ kind }) => kind === "damaged")).toEqual([]);
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it("removes what a kill after the shard's name left", async () => {
    const output = newOutput(undisturbed);
    writeFileSync(join(output, "features-00002.journal"), '{"batch":0,"bad":[]}\n');
    writeFileSync(join(output, "features-00000.partial"), "rest");
    writeFileSync(join(output, "features-00000.compact"), "rest");
    await extract({ output });
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it("makes a shard of the wrong size again, and says so", async () => {
    const output = newOutput(undisturbed);
    truncateSync(join(output, "features-00001.safetensors"), 500);
    rmSync(join(output, "features-00003.safetensors"));
    const messages: string[] = [];
    const onEvent = (event: ExtractionEvent): void => {
      if (event.kind === "damaged") messages.push(event.message);
    };
    expect(await extract({ output, onEvent })).toMatchObject({ extracted: 40 });
    expect(messages).toEqual([
      expect.stringMatching(/^features-00001.safetensors has 500 bytes, expected \d+: it is made/),
      "features-00003.safetensors is gone: it is made again",
    ]);
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it("finds a flipped bit with verify, and only then", async () => {
    const output = newOutput(undisturbed);
    const path = join(output, "features-00002.safetensors");
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(await extract({ output })).toMatchObject({ extracted: 0 });
    expect(await extract({ output, verify: true })).toMatchObject({ extracted: 30 });
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it("keeps to the batch size that auto chose", async () => {
    const output = await interrupted(40);
    expect(await extract({ output, batchSize: "auto" })).toMatchObject({ batchSize: 4 });
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });

  it("treats pictures that vanish during the run as bad, and the others go on", async () => {
    const output = newOutput();
    const own = join(folder.path, "vanishing");
    await writePictures(own, 60);
    const pictures = { keys: readdirSync(own).sort(), pathOf: (key: string) => join(own, key) };
    const summary = await extract(
      {
        output,
        encoder: countingEncoder({ onRun: () => sleep(5) }),
        onEvent: (event) => {
          if (event.kind !== "progress" || event.progress.done !== 8) return;
          for (const i of [50, 51, 59]) rmSync(join(own, nameOf(i)));
        },
      },
      pictures,
    );
    expect(summary).toMatchObject({ pictures: 60, rows: 57, bad: 3 });
    const { bad } = readJson<{ bad: { code: string }[] }>(output, "features-00001.json");
    expect(bad.map(({ code }) => code)).toEqual(["not-found", "not-found", "not-found"]);
  });

  it("treats pictures that vanish between two runs as bad, and the others go on", async () => {
    const output = newOutput();
    const own = join(folder.path, "vanishing-between");
    await writePictures(own, 60);
    const pathOf = (key: string): string => join(own, key);
    const controller = new AbortController();
    const onEvent = (event: ExtractionEvent): void => {
      if (event.kind === "progress" && event.progress.done >= 34) controller.abort();
    };
    const encoder = countingEncoder({ onRun: () => sleep(10) });
    const { signal } = controller;
    const before = { keys: readdirSync(own).sort(), pathOf };
    await expect(extract({ output, encoder, onEvent, signal }, before)).rejects.toThrow(/abort/i);
    for (const i of [3, 55, 56]) rmSync(join(own, nameOf(i)));
    const after = { keys: readdirSync(own).sort(), pathOf };
    // Picture 3 was there when it was encoded.
    expect(await extract({ output, encoder: countingEncoder() }, after)).toMatchObject({
      pictures: 60,
      rows: 58,
      bad: 2,
    });
  });

  it("goes on when the thread that writes is ended in the middle", async () => {
    const output = newOutput();
    const outputs = ["pooler_output", "last_hidden_state"] as const;
    const encoder = countingEncoder({ outputs, onRun: () => sleep(20) });
    await watchThreads(async (threads) => {
      const onEvent = (event: ExtractionEvent): void => {
        if (event.kind !== "progress" || event.progress.done !== 46) return;
        // The first thread that an extraction starts is the writer's.
        const { threadId } = threads[0]!;
        void threads.find((thread) => thread.threadId === threadId)?.terminate();
      };
      await expect(extract({ output, onEvent, encoder })).rejects.toMatchObject({
        name: "RuntimeError",
        code: "worker-lost",
        message: expect.stringContaining("the thread that writes ended") as string,
      });
    });
    await extract({ output });
    expect(differentFiles(undisturbed, output)).toEqual([]);
  });
});

describe("a folder that holds something else", () => {
  it("is refused with what differs in the settings", async () => {
    expect(await refuse({ batchSize: 8, shardSize: 50, orientation: "apply" })).toMatch(
      /What differs: batch_size: 4 then, 8 now; shard_size: 30 then, 50 now; pictures.orientation: "ignore" then, "apply" now\. .*restart/,
    );
    expect(await refuse({ encoder: countingEncoder() })).toMatch(/encoder.outputs/);
  });

  it("is refused for other weights under the same name", async () => {
    const outputs = ["pooler_output", "last_hidden_state"] as const;
    expect(await refuse({ encoder: countingEncoder({ outputs, offset: 1000 }) })).toMatch(
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
