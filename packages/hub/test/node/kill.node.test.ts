import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { parseModelReference } from "../../src/index.ts";
import { downloadModel } from "../../src/node/index.ts";
import { createRandom, type HubServer, sha256, startHub } from "@internvit/test-kit";
import { fileOf, filesBelow, NOISE, settingsFor, temporaryFolder } from "../models.ts";
import { spawnDownload } from "../run-download.ts";

const WEIGHTS = fileOf(NOISE, "model.safetensors");
const HASH = sha256(WEIGHTS);
const CHUNK = 2 ** 18;

/** Processes that were killed before they were done. */
let killed = 0;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Lets a process download until so many bytes were sent to it, kills it, and tells how many were. */
async function downloadUntilKilled(hub: HubServer, home: string, limit: number): Promise<number> {
  const { repository } = NOISE;
  const { child, result } = spawnDownload({
    repository,
    endpoint: hub.endpoint,
    home,
    chunkBytes: CHUNK,
  });
  let sent = 0;
  hub.onBytes = (count) => {
    sent += count;
    if (sent >= limit) child.kill("SIGKILL");
  };
  if ((await result) === undefined) killed++;
  hub.onBytes = undefined;
  return sent;
}

/** Downloads of one model into one cache, killed again and again, and then let to finish. */
async function chain(name: string, kills: readonly number[]): Promise<readonly string[]> {
  const hub = await startHub([NOISE]);
  hub.blockBytes = 2 ** 14;
  const home = join(folder.path, name);
  const problems: string[] = [];
  let sent = 0;
  try {
    for (const limit of kills) {
      sent += await downloadUntilKilled(hub, home, limit);
      const blob = join(home, "hub/models--test--noise/blobs", HASH);
      if (existsSync(blob) && sha256(readFileSync(blob)) !== HASH) problems.push(`bad at ${limit}`);
    }
    hub.onBytes = (count) => (sent += count);
    const model = await downloadModel(parseModelReference(NOISE.repository)!, {
      settings: settingsFor(hub.endpoint, home),
      parts: "everything",
      chunkBytes: CHUNK,
    });
    const found = sha256(readFileSync(join(model.path, "model.safetensors")));
    if (found !== HASH) problems.push(`${name}: ${found} after ${kills.join(", ")}`);
    if (filesBelow(join(home, "hub/models--test--noise/.internvit/partial")).length > 0)
      problems.push(`${name}: something is left`);
    // Each kill costs what four connections had in flight, and what was sent but not read; not everything again.
    const wasted = sent - WEIGHTS.byteLength;
    if (wasted > kills.length * 8 * CHUNK) problems.push(`${name}: ${wasted} bytes too many`);
  } finally {
    await hub.close();
  }
  return problems;
}

test("a download killed at 50 seeded points goes on to the right bytes", async () => {
  const random = createRandom(20260711);
  const chains = Array.from({ length: 10 }, (_, index) => {
    // Small steps, so that later kills of a chain find something left to do; one chain is killed around its end.
    if (index === 9) return [WEIGHTS.byteLength - 50_000, 1, 200_000, 300_000, 1];
    return Array.from({ length: 5 }, () => 1 + random.below(WEIGHTS.byteLength / 5));
  });
  const problems: string[] = [];
  const queue = [...chains.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, kills] = next;
      problems.push(...(await chain(`chain-${index}`, kills)));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  expect(problems).toEqual([]);
  // One of the last chain's may be faster than its killer.
  expect(killed).toBeGreaterThanOrEqual(48);
});

test("two processes that want the same model both get it, and it is fetched once", async () => {
  const hub = await startHub([NOISE]);
  try {
    // Slow enough for the second to come while the first is at it.
    hub.blockBytes = 2 ** 13;
    let sent = 0;
    hub.onBytes = (count) => (sent += count);
    const options = {
      repository: NOISE.repository,
      endpoint: hub.endpoint,
      home: folder.path,
      chunkBytes: CHUNK,
    };
    const started = [spawnDownload(options), spawnDownload(options), spawnDownload(options)];
    const results = await Promise.all(started.map(({ result }) => result));
    for (const result of results) {
      expect(sha256(readFileSync(join(result!.path!, "model.safetensors")))).toBe(HASH);
    }
    expect(results.filter((result) => result?.waited === true).length).toBeGreaterThan(0);
    const whole = WEIGHTS.byteLength + fileOf(NOISE, "config.json").byteLength;
    expect(sent).toBe(whole);
    expect(results.map((result) => result?.bytesDownloaded).reduce((a = 0, b = 0) => a + b)).toBe(
      whole,
    );
  } finally {
    await hub.close();
  }
});

test("when the process that downloads is killed, the one that waits goes on with its pieces", async () => {
  const hub = await startHub([NOISE]);
  try {
    hub.blockBytes = 2 ** 13;
    const options = {
      repository: NOISE.repository,
      endpoint: hub.endpoint,
      home: folder.path,
      chunkBytes: CHUNK,
    };
    const first = spawnDownload(options);
    let second: ReturnType<typeof spawnDownload> | undefined;
    let sent = 0;
    hub.onBytes = (count) => {
      sent += count;
      if (sent > 500_000) second ??= spawnDownload(options);
      if (sent > 5_000_000) first.child.kill("SIGKILL");
    };
    expect(await first.result).toBeUndefined();
    const result = await second!.result;
    expect(sha256(readFileSync(join(result!.path!, "model.safetensors")))).toBe(HASH);
    expect(result?.bytesDownloaded).toBeLessThan(WEIGHTS.byteLength);
  } finally {
    await hub.close();
  }
});

test("a process that may not write so large a file says so, and leaves no file under the final name", async () => {
  const hub = await startHub([NOISE]);
  try {
    const options = {
      repository: NOISE.repository,
      endpoint: hub.endpoint,
      home: folder.path,
      chunkBytes: CHUNK,
    };
    const result = await spawnDownload({ ...options, fileLimit: 2 ** 20 }).result;
    expect(result?.code).toBe("disk-full");
    expect(result?.message).toContain(folder.path);
    expect(filesBelow(folder.path).filter((file) => file.endsWith(HASH))).toEqual([]);
    const model = await spawnDownload(options).result;
    expect(sha256(readFileSync(join(model!.path!, "model.safetensors")))).toBe(HASH);
  } finally {
    await hub.close();
  }
});
