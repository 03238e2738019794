// Extractions that go on after an abort, a kill or a loss.

import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { ExtractionEvent } from "@internvit/runtime-node";
import { afterAll, describe, expect, it } from "vitest";

import { countingEncoder, watchThreads, writePictures } from "../pipeline/small-pictures.ts";
import { differentFiles, readJson } from "./read-shards.ts";
import { nameOf, OUTPUTS, smallExtractions } from "./small-extractions.ts";

const extractions = await smallExtractions();
const { extract, interrupted, newOutput, ownLock, undisturbed } = extractions;
afterAll(() => extractions[Symbol.dispose]());

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
    const encoder = countingEncoder({ outputs: OUTPUTS });
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
    const own = join(extractions.path, "vanishing");
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
    const own = join(extractions.path, "vanishing-between");
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
    const encoder = countingEncoder({ outputs: OUTPUTS, onRun: () => sleep(20) });
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
