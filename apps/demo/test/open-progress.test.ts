import { expect, test } from "vitest";

import { toOpenProgress } from "../src/model/open-progress.ts";

const at = (phase: "wait" | "check" | "fetch" | "session", loadedBytes = 0, totalBytes = 0) => ({
  phase,
  loadedBytes,
  totalBytes,
});

test("a download is counted in the bytes that were announced", () => {
  const toProgress = toOpenProgress(600);
  expect(toProgress(at("fetch", 300, 1200))).toEqual({
    step: "Downloading",
    done: 150,
    total: 600,
  });
  expect(toProgress(at("session"))).toEqual({ step: "Starting the encoder" });
  // Nobody knows how large another server's model is beforehand.
  const unknown = toOpenProgress(undefined)(at("fetch", 300, 1200));
  expect(unknown).toEqual({ step: "Downloading", done: 300, total: 1200 });
});

test("a second pass over the weights is no download", () => {
  const toProgress = toOpenProgress(600);
  expect(toProgress(at("fetch", 1200, 1200)).step).toBe("Downloading");
  expect(toProgress(at("fetch", 0, 300)).step).toBe("Converting");
  expect(toProgress(at("fetch", 200, 300))).toEqual({ step: "Converting", done: 200, total: 300 });
});
