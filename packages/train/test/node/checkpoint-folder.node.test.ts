import { chmodSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { createNodeRuntime } from "@internvit/runtime-node";
import { describe, expect, test } from "vitest";

import { createTrainingSession, sgd, type TrainingSession } from "../../src/index.ts";
import {
  type DamagedCheckpoint,
  listCheckpointFiles,
  readCheckpointFile,
  resumeFromFolder,
  saveCheckpointFile,
} from "../../src/node/index.ts";
import { squareTraining, vector } from "../session/square-model.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const start = (): Promise<TrainingSession> =>
  createTrainingSession(
    createNodeRuntime(),
    squareTraining({ optimizer: sgd({ momentum: 0.9 }), averageDecay: 0.9 }),
  );

const step = (session: TrainingSession) =>
  session.step({ target: vector(0.25, session.updates, -1) });

/** A folder with the checkpoints of so many updates, one for each. */
async function trained(session: TrainingSession, folder: string, updates = 3): Promise<void> {
  for (let update = 0; update < updates; update++) {
    await step(session);
    await saveCheckpointFile(session, { folder });
  }
}

const updatesIn = async (folder: string) =>
  (await listCheckpointFiles(folder)).map(({ update }) => update);

/** Changes one bit of a file. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 4;
  writeFileSync(path, bytes);
}

describe("a folder of checkpoints", () => {
  test("is made, and keeps the last ones", async () => {
    using folder = temporaryFolder();
    const deep = join(folder.path, "not", "there");
    await using session = await start();
    expect(await resumeFromFolder(session, { folder: deep })).toBeUndefined();
    await trained(session, deep, 4);
    expect(await updatesIn(deep)).toEqual([4, 3, 2]);
    await step(session);
    const saved = await saveCheckpointFile(session, { folder: deep, keepLast: 1 });
    expect(saved).toEqual({
      path: join(deep, "update-00000005.safetensors"),
      update: 5,
      score: undefined,
      removed: [4, 3, 2].map((update) => join(deep, `update-0000000${update}.safetensors`)),
      setAside: [],
    });
    expect(await updatesIn(deep)).toEqual([5]);
  });

  test.each([
    ["higher", [0.5, -2, 0.75, 0.25, 1e-7], [5, 3, 1]],
    ["lower", [0.5, -2, 0.75, 0.25, 1e-7], [5, 2]],
  ] as const)("keeps those with the best scores: %s", async (better, scores, left) => {
    using folder = temporaryFolder();
    await using session = await start();
    for (const score of scores) {
      await step(session);
      const options = { folder: folder.path, score, keepLast: 1, keepBest: 2, better };
      await saveCheckpointFile(session, options);
    }
    const files = await listCheckpointFiles(folder.path);
    expect(files.map(({ update }) => update)).toEqual(left);
    expect(files.map(({ score }) => score)).toEqual(left.map((update) => scores[update - 1]));
  });

  test("is resumed from to the bit, and a checkpoint that was read can be loaded", async () => {
    using folder = temporaryFolder();
    await using session = await start();
    await trained(session, folder.path);
    await using other = await start();
    const found = await resumeFromFolder(other, { folder: folder.path });
    expect([found?.update, other.updates]).toEqual([3, 3]);
    await step(session);
    await step(other);
    expect(await other.state()).toEqual(await session.state());
    await other.loadCheckpoint(await readCheckpointFile(found!.path));
    expect(other.updates).toBe(3);
  });

  test("holds one training: what is behind the one that is saved is set aside, not removed", async () => {
    using folder = temporaryFolder();
    await using session = await start();
    await trained(session, folder.path);
    const [, second] = await listCheckpointFiles(folder.path);
    for (const count of ["", "2"]) {
      await session.loadCheckpoint(await readCheckpointFile(second!.path));
      const { removed, setAside } = await saveCheckpointFile(session, { folder: folder.path });
      expect(removed).toEqual([]);
      const left = join(folder.path, `update-00000003.safetensors.left${count}`);
      expect(setAside).toEqual([left]);
      await readCheckpointFile(left);
      await step(session);
      await saveCheckpointFile(session, { folder: folder.path });
    }
    expect(await updatesIn(folder.path)).toEqual([3, 2, 1]);
  });

  test("loses what a killed process left unfinished, and nothing else", async () => {
    using folder = temporaryFolder();
    const others = ["notes.part", "update-3.safetensors", "update-00000001.safetensors.txt"];
    for (const name of [...others, "update-00000007.safetensors.part"]) {
      writeFileSync(join(folder.path, name), "");
    }
    await using session = await start();
    await trained(session, folder.path, 1);
    const own = "update-00000001.safetensors";
    expect(folder.names()).toEqual([...others, own].toSorted());
  });

  test("takes numbers that make sense", async () => {
    using folder = temporaryFolder();
    await using session = await start();
    const refused = (options: object, message: RegExp) =>
      expect(saveCheckpointFile(session, { folder: folder.path, ...options })).rejects.toThrow(
        message,
      );
    await refused({ keepLast: 0 }, /keepLast: expected a whole number from 1, got 0/);
    await refused({ keepBest: 0.5 }, /keepBest: expected a whole number from 0, got 0.5/);
    await refused({ score: Number.NaN }, /score: expected a finite number, got NaN/);
    expect(folder.names()).toEqual([]);
  });
});

test("a step that gives NaN leaves the last good checkpoint, and what is saved then is good", async () => {
  using folder = temporaryFolder();
  await using session = await start();
  await trained(session, folder.path, 2);
  const [last] = await listCheckpointFiles(folder.path);
  const before = readFileSync(last!.path);
  await expect(session.step({ target: vector(0, Number.NaN, 0) })).rejects.toMatchObject({
    code: "not-finite",
  });
  expect(readFileSync(last!.path)).toEqual(before);
  await saveCheckpointFile(session, { folder: folder.path });
  expect(readFileSync(last!.path)).toEqual(before);
});

describe("a file that is not whole", () => {
  test.each([
    ["cut off", (path: string) => truncateSync(path, 430), /expected \d+ bytes .* file of 430/],
    [
      "cut off in its header",
      (path: string) => truncateSync(path, 50),
      /cut off or no safetensors/,
    ],
    ["empty", (path: string) => truncateSync(path, 0), /at least 8 bytes/],
    ["changed in a tensor", (path: string) => flip(path, 425), /expected checksum \d+, found \d+/],
    ["text", (path: string) => writeFileSync(path, "not a checkpoint"), /header of at most/],
  ])("is refused with its name and what is wrong: %s", async (_, damage, message) => {
    using folder = temporaryFolder();
    await using session = await start();
    await trained(session, folder.path);
    const [newest] = await listCheckpointFiles(folder.path);
    damage(newest!.path);
    const error = { code: "damaged", message: expect.stringMatching(message) as string };
    const { path } = newest!;
    await expect(readCheckpointFile(path)).rejects.toMatchObject(error);
    await using other = await start();
    await expect(resumeFromFolder(other, { folder: folder.path })).rejects.toThrow(path);
    expect(other.updates).toBe(0);
    const skipped: DamagedCheckpoint[] = [];
    const found = await resumeFromFolder(other, {
      folder: folder.path,
      onDamaged: (damaged) => skipped.push(damaged),
    });
    expect([found?.update, other.updates]).toEqual([2, 2]);
    expect(skipped).toMatchObject([{ path, error }]);
  });

  test("is found at every byte", async () => {
    await using session = await start();
    await step(session);
    const bytes = await session.saveCheckpoint();
    const before = await session.state();
    for (let at = 0; at < bytes.byteLength; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      const loaded = session.loadCheckpoint(changed);
      await expect(loaded, `byte ${at}`).rejects.toMatchObject({ name: "TrainError" });
    }
    expect(await session.state()).toEqual(before);
  });

  test("is safetensors of somebody else: said so", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "model.safetensors");
    const header = Buffer.from("{}      ");
    writeFileSync(path, Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]), header]));
    await expect(readCheckpointFile(path)).rejects.toThrow(
      `${path}: expected a checkpoint of a training session, version 1; its metadata say nothing`,
    );
  });

  test("leaves nothing to resume from where no other is whole", async () => {
    using folder = temporaryFolder();
    await using session = await start();
    await trained(session, folder.path, 2);
    for (const { path } of await listCheckpointFiles(folder.path)) truncateSync(path, 9);
    const resumed = resumeFromFolder(session, { folder: folder.path, onDamaged: () => {} });
    await expect(resumed).rejects.toThrow(
      /expected a whole checkpoint, found none: update-00000002.safetensors, update-00000001/,
    );
  });
});

test("a checkpoint of another model is not skipped, but named", async () => {
  using folder = temporaryFolder();
  await using session = await start();
  await trained(session, folder.path, 1);
  await using other = await createTrainingSession(createNodeRuntime(), squareTraining());
  const resumed = resumeFromFolder(other, { folder: folder.path, onDamaged: () => {} });
  await expect(resumed).rejects.toMatchObject({
    code: "mismatch",
    message: expect.stringContaining("update-00000001.safetensors: ") as string,
  });
});

test.skipIf(process.platform === "win32")(
  "a folder that cannot be written or made is an error with its path, and loses nothing",
  async () => {
    using folder = temporaryFolder();
    await using session = await start();
    await trained(session, folder.path, 2);
    const before = folder.names();
    await step(session);
    chmodSync(folder.path, 0o555);
    const refused = asNobody(() => saveCheckpointFile(session, { folder: folder.path }));
    await expect(refused).rejects.toMatchObject({
      code: "io",
      message: expect.stringContaining("update-00000003.safetensors cannot be written") as string,
    });
    expect(folder.names()).toEqual(before);
    const file = join(folder.path, basename(before[0]!));
    await expect(saveCheckpointFile(session, { folder: file })).rejects.toMatchObject({
      code: "io",
    });
  },
);

/** Runs work as a user whom permissions stop; root they do not. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
