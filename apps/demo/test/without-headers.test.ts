import { expect, test } from "vitest";

import { drop, openPage, PHOTOS, textOf, waitForFeatures } from "./open-page.ts";

test("without the headers there is one thread, and the page says so and works", async () => {
  await using opened = await openPage({ withHeaders: false });
  const { page } = opened;
  await drop(page, [PHOTOS[0]!]);
  await waitForFeatures(page, 1);
  expect(await textOf(page, "threads")).toBe("1");
  expect(await textOf(page, "remarks")).toContain("not cross-origin isolated");
  expect(opened.complaints).toEqual([]);
});
