import type { Page } from "playwright";
import { expect, test } from "vitest";

import { openPage, PHOTOS, textOf, waitForFeatures } from "./open-page.ts";

/** Presses Tab until what is focused has this name. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent;
      return element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "";
    });
    if (name.test(focused)) return;
    seen.push(focused.slice(0, 40));
  }
  throw new Error(`Tab never reached ${name}; it reached ${seen.join(" | ")}`);
}

test("everything can be done with the keyboard alone", async () => {
  await using opened = await openPage({ reducedMotion: "reduce" });
  const { page } = opened;
  await page.keyboard.press("Tab");
  await page.getByText("Skip to what the encoder sees").waitFor({ state: "visible" });

  const chooser = page.waitForEvent("filechooser");
  await tabTo(page, /^Choose pictures$/);
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(PHOTOS.slice(0, 2));
  await waitForFeatures(page, 2);

  await tabTo(page, /^Patch features as colours: photo-420\.jpg, 32 rows and 32 columns/);
  await page.keyboard.press("ArrowRight"); // shows the cursor, in the middle
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowUp");
  const status = page.getByRole("status");
  await status.filter({ hasText: "row 16, column 18" }).waitFor({ state: "attached" });
  await page.keyboard.press("Enter");
  expect(await textOf(page, "picked")).toBe("Picked: row 16, column 18 of photo-420.jpg");

  await tabTo(page, /^Similarity: photo-420\.jpg/);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await status.filter({ hasText: /row 16, column 17, similarity -?\d\.\d{3}/ }).waitFor({
    state: "attached",
  });
  await page.keyboard.press("Escape");
  expect(await textOf(page, "picked")).toBe("No patch is picked.");

  await tabTo(page, /^Tile budget$/);
  await page.keyboard.press("Home");
  expect(await textOf(page, "tokens")).toBe("256");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  expect(await page.getByRole("slider").getAttribute("aria-valuetext")).toBe("3 tiles");

  await tabTo(page, /^Mean of the patches$/);
  await page.keyboard.press("ArrowRight");
  expect(await page.getByLabel("Class token").isChecked()).toBe(true);

  await tabTo(page, /^photo-444\.jpg/);
  await page.keyboard.press("Enter");
  const shown = page.locator(".item-show[aria-pressed=true]");
  expect(await shown.textContent()).toContain("photo-444.jpg");
  expect(opened.complaints).toEqual([]);
});

test("what is focused can be seen", async () => {
  await using opened = await openPage();
  const { page } = opened;
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => {
      const focused = document.activeElement!;
      // A radio button shows it on its label.
      const shown = focused.matches("[type=radio]") ? focused.nextElementSibling! : focused;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      return { outlineStyle, outlineWidth };
    });
    expect(outline).toEqual({ outlineStyle: "solid", outlineWidth: "3px" });
  }
});
