import { afterEach, expect, test } from "vitest";

import { hasCrashed, leaveCrashMark } from "../src/crash-mark.ts";

const PREFIX = "internvit:webgpu-start:";

afterEach(() => {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  }
});

test("a start under way is no crash, and one that is done leaves nothing", async () => {
  expect(await hasCrashed()).toBe(false);
  const mark = leaveCrashMark();
  expect(Object.keys(localStorage).some((name) => name.startsWith(PREFIX))).toBe(true);
  expect(await hasCrashed()).toBe(false);
  mark.remove();
  mark.remove();
  expect(Object.keys(localStorage).some((name) => name.startsWith(PREFIX))).toBe(false);
});

test("a page that ended in the middle is a crash, for a day", async () => {
  localStorage.setItem(`${PREFIX}gone`, String(Date.now() - 60_000));
  expect(await hasCrashed()).toBe(true);
  expect(await hasCrashed()).toBe(true);
  localStorage.setItem(`${PREFIX}gone`, String(Date.now() - 25 * 60 * 60 * 1000));
  expect(await hasCrashed()).toBe(false);
  expect(localStorage.getItem(`${PREFIX}gone`)).toBeNull();
});
