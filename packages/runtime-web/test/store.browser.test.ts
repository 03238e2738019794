import { urlDirectory } from "@internvit/hub";
import { createVisionEncoder, isRuntimeError, openWeightStore } from "@internvit/runtime-web";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { cdp } from "vitest/browser";

import {
  emptyStore,
  type FaultySite,
  faultySite,
  fetchWeights,
  storedFile,
} from "./faulty-site.ts";
import { goldenBlobs, pictures } from "./open-golden.ts";

const site = await faultySite("store");
const { sent: WHOLE } = await sentBy(site, () => fetchWeights(site, { weights: "memory" }));

beforeEach(async () => {
  await emptyStore();
  await site.setFault({});
});
afterAll(emptyStore);

async function sentBy(
  from: FaultySite,
  run: () => Promise<unknown>,
): Promise<{ readonly sent: number; readonly requests: number }> {
  await from.setFault({});
  await run();
  return from.counts();
}

async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => {
      throw new Error("an error was expected");
    },
    (error: unknown) => error as Error,
  );
}

async function list(): ReturnType<Awaited<ReturnType<typeof openWeightStore>>["list"]> {
  return (await openWeightStore()).list();
}

describe("weights from a server", () => {
  test("are fetched once, in a few requests, and come from the store afterwards", async () => {
    const first = await sentBy(site, () => fetchWeights(site));
    expect(first.requests).toBeLessThan(25);
    const again = await sentBy(site, async () => {
      const { phases, last } = await fetchWeights(site);
      expect(phases).toEqual(["check", "session"]);
      expect(last?.loadedBytes).toBe(last?.totalBytes);
    });
    // Two bytes of each file, to hear whether it is still the same.
    expect(again.sent).toBeLessThan(10);
    expect(await list()).toEqual([
      expect.objectContaining({
        complete: true,
        place: "opfs",
        address: site.directory().address,
        form: "the checkpoint's numbers",
      }),
    ]);
  });

  test.each(["opfs", "cache"] as const)(
    "an interrupted download into %s goes on where it was",
    async (weights) => {
      const part = Math.round(WHOLE * 0.6);
      await site.setFault({ breakAfter: part });
      const error = await errorOf(fetchWeights(site, { weights }));
      expect(isRuntimeError(error) && error.code).toBe("io");
      const [left] = await list();
      expect(left).toMatchObject({ complete: false, place: weights });
      expect(left?.byteLength).toBeGreaterThan(part * 0.3);
      const { sent } = await sentBy(site, () => fetchWeights(site, { weights }));
      // Nothing of what was stored is sent again but the tensor that it ends in.
      expect(sent).toBeLessThan(WHOLE - (left?.byteLength ?? 0) + 3e6);
      expect(await list()).toMatchObject([{ complete: true, place: weights }]);
    },
  );

  test("an aborted one does, too, and nothing of another version is mixed in", async () => {
    const controller = new AbortController();
    const reason = new Error("stop");
    const onProgress = ({ loadedBytes }: { readonly loadedBytes: number }): void => {
      if (loadedBytes > WHOLE / 2) controller.abort(reason);
    };
    const stopped = fetchWeights(site, { signal: controller.signal, onProgress });
    await expect(stopped).rejects.toBe(reason);
    expect(await list()).toMatchObject([{ complete: false }]);
    const { sent } = await sentBy(site, () => fetchWeights(site));
    expect(sent).toBeLessThan(WHOLE * 0.7);
    const [old] = await list();

    await site.replace(2);
    const changed = await sentBy(site, () => fetchWeights(site));
    expect(changed.sent).toBeGreaterThanOrEqual(WHOLE * 0.95);
    // The new version takes the place of the old one.
    const [kept, ...others] = await list();
    expect(others).toEqual([]);
    expect(kept?.key).not.toBe(old?.key);
  });

  test("a file that changes under a download is refused, and the next one is of the new file", async () => {
    let asked = 0;
    const error = await errorOf(
      fetchWeights(site, {
        async fetch(url, request) {
          const isWeight = url.endsWith(".safetensors") && request.headers["range"] !== "bytes=0-1";
          // The head of the file is the first.
          if (isWeight && ++asked === 2) await site.replace(3);
          return fetch(url, request);
        },
      }),
    );
    expect(error.message).toMatch(/the file changed while it was read/);
    const { sent } = await sentBy(site, () => fetchWeights(site));
    expect(sent).toBeGreaterThan(WHOLE * 0.95);
    expect(await list()).toMatchObject([{ complete: true }]);
    await site.replace(1);
  });

  test("q8, which reads weights more than once, fetches them once", async () => {
    const { sent } = await sentBy(site, () => fetchWeights(site, { dtype: "q8" }));
    expect(sent).toBeLessThan(WHOLE * 1.1);
    expect(await list()).toMatchObject([{ complete: true, form: "q8 for cpu" }]);
    const again = await sentBy(site, async () => {
      const { phases } = await fetchWeights(site, { dtype: "q8" });
      expect(phases).toEqual(["check", "session"]);
    });
    expect(again.sent).toBeLessThan(10);
  });
});

describe("what is stored", () => {
  test.each([
    [
      "a bit that fell over",
      async (file: FileSystemWritableFileStream, size: number) => {
        await file.write({ type: "write", position: size - 1000, data: Uint8Array.of(1, 2, 3) });
      },
    ],
    [
      "a file that was cut",
      async (file: FileSystemWritableFileStream, size: number) => {
        await file.truncate(size - 5);
      },
    ],
    [
      "a file of zeros",
      async (file: FileSystemWritableFileStream, size: number) => {
        await file.write({ type: "write", position: 0, data: new Uint8Array(size) });
      },
    ],
  ])("%s is found, and fetched again as far as needed", async (_, damage) => {
    await fetchWeights(site);
    const handle = await storedFile("encoder");
    const { size } = await handle.getFile();
    const stream = await handle.createWritable({ keepExistingData: true });
    await damage(stream, size);
    await stream.close();
    const { sent } = await sentBy(site, async () => {
      expect((await fetchWeights(site)).phases).toContain("fetch");
    });
    expect(sent).toBeGreaterThan(0);
    expect(await list()).toMatchObject([{ complete: true, byteLength: size }]);
  });

  test("starts without the network and gives the same numbers; damage is told", async () => {
    const outputs = ["pooler_output"] as const;
    const options = { executionProvider: "wasm", outputs } as const;
    const encode = async (): Promise<{ readonly notes: string; readonly values: unknown }> => {
      await using encoder = await createVisionEncoder(site.directory(), options);
      const { poolerOutput } = await encoder.encode(pictures(1));
      return { notes: encoder.info.notes?.join("\n") ?? "", values: poolerOutput };
    };
    const online = await encode();
    expect(online.notes).toMatch(/weights are kept in OPFS/);
    const stream = await (await storedFile("encoder")).createWritable({ keepExistingData: true });
    await stream.write({ type: "write", position: 100, data: Uint8Array.of(9, 9, 9) });
    await stream.close();
    await site.setFault({ offline: true });
    const error = await errorOf(encode());
    expect(error.message).toMatch(/the stored weights are damaged.*cannot be reached/);
    await site.setFault({});
    const repaired = await encode();
    expect(repaired.notes).toMatch(/were damaged .* fetched again/);
    await site.setFault({ offline: true });
    const offline = await encode();
    expect(offline.notes).toMatch(/cannot be reached .* is used as it was stored on/);
    expect(offline.notes).toMatch(/weights come from OPFS/);
    expect(repaired.values).toEqual(online.values);
    expect(offline.values).toEqual(online.values);
  });

  test("is removed with what opens it offline", async () => {
    await fetchWeights(site);
    await fetchWeights(site, { dtype: "q4" });
    const store = await openWeightStore();
    const [first, second] = await store.list();
    await store.remove(first!.key);
    await site.setFault({ offline: true });
    // The other form is there, and the record with it.
    const other = first?.form === "q4 for cpu" ? "f32" : "q4";
    await fetchWeights(site, { dtype: other });
    await store.remove(second!.key);
    expect(await store.list()).toEqual([]);
    await expect(fetchWeights(site)).rejects.toThrow(/cannot be reached/);
    expect((await store.estimate()).quota).toBeGreaterThan(0);
  });
});

describe("limits", () => {
  test("too little room is said before anything is fetched, with the numbers", async () => {
    const { origin } = location;
    // Its types are those of the provider, which the project of the tests chooses.
    const session = cdp() as unknown as {
      send(method: string, parameters: object): Promise<unknown>;
    };
    const send = (size?: number): Promise<unknown> =>
      session.send("Storage.overrideQuotaForOrigin", {
        origin,
        ...(size === undefined ? {} : { quotaSize: size }),
      });
    const { usage = 0 } = await navigator.storage.estimate();
    await send(usage + 5e6);
    try {
      const { sent } = await sentBy(site, async () => {
        const error = await errorOf(fetchWeights(site));
        expect(isRuntimeError(error) && error.code).toBe("no-space");
        expect(error.message).toMatch(/need \d+ bytes more than this site gets from the browser/);
      });
      expect(sent).toBeLessThan(WHOLE / 4);
      // It becomes too little on the way: something else of the site takes the room.
      await send(usage + WHOLE * 1.5);
      const error = await errorOf(
        fetchWeights(site, {
          onProgress({ loadedBytes }) {
            if (loadedBytes > 0) void send(usage + 1e6);
          },
        }),
      );
      expect(isRuntimeError(error) && error.code).toBe("no-space");
      expect(error.message).toMatch(/storage is full/);
      expect(await list()).toMatchObject([{ complete: false }]);
    } finally {
      await send();
    }
    expect((await fetchWeights(site)).phases).toContain("fetch");
  });

  test("two at the same time fetch once", async () => {
    const { sent } = await sentBy(site, () =>
      Promise.all([fetchWeights(site), fetchWeights(site)]),
    );
    expect(sent).toBeLessThan(WHOLE * 1.1);
    // Whoever waits can stop waiting.
    await emptyStore();
    const reason = new Error("stop");
    const controller = new AbortController();
    let second: Promise<unknown> | undefined;
    await fetchWeights(site, {
      onProgress() {
        second ??= fetchWeights(site, {
          signal: controller.signal,
          onProgress: ({ phase }) => phase === "wait" && controller.abort(reason),
        }).catch((error: unknown) => error);
      },
      // Slow, so that there is something to wait for.
      async fetch(url, request) {
        if (second !== undefined) await second;
        return fetch(url, request);
      },
    });
    expect(await second).toBe(reason);
  });

  test("files without a version are not kept, and a place that is asked for is refused", async () => {
    await site.setFault({ anonymous: true });
    await fetchWeights(site);
    expect(await list()).toEqual([]);
    const error = await errorOf(fetchWeights(site, { weights: "opfs" }));
    expect(error.message).toMatch(/weights: opfs was asked for.*no hash, ETag or date/);
    const picked = await goldenBlobs("tiny-layernorm");
    const blobs = await errorOf(
      createVisionEncoder(picked, {
        executionProvider: "wasm",
        weights: "cache",
      }),
    );
    expect(blobs.message).toMatch(/weights: cache was asked for/);
    expect(urlDirectory("https://example.com/x/").address).toBe("https://example.com/x");
  });
});
