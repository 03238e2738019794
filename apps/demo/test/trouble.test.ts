import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { drop, openPage, type OpenedPage, PHOTOS, textOf, waitForFeatures } from "./open-page.ts";
import { DOWNLOAD, FOLDER, MODEL, routeHub, TINY_FILES, tinyModel } from "./route-hub.ts";

describe("one visit with all kinds of trouble", () => {
  let opened: OpenedPage;
  let page: Page;

  beforeAll(async () => {
    opened = await openPage();
    ({ page } = opened);
  });

  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
  });

  test("the camera: refused, it says why; allowed, its picture is encoded", async () => {
    await page.getByRole("button", { name: "Camera" }).click();
    const dialog = page.getByRole("dialog", { name: "Camera" });
    await dialog.getByText("The camera was not allowed.").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.context().grantPermissions(["camera"]);
    await page.getByRole("button", { name: "Camera" }).click();
    await dialog.getByRole("button", { name: "Take the picture" }).click();
    await waitForFeatures(page, 1);
    expect(await page.getByTestId("picture").textContent()).toContain("Camera 1");
    expect(await dialog.count()).toBe(0);
  });

  test("a hub that cannot be reached: the reason is told, the model in use stays", async () => {
    await page.getByText("Use another model").click();
    await page.getByRole("combobox", { name: "Model" }).selectOption(MODEL);
    await page.getByLabel("Runs on").selectOption("wasm");
    expect(opened.strangers).toEqual([]);
    expect(opened.complaints).toEqual([]);
    const hub = await routeHub(page, tinyModel());
    hub.before = () => "lost";
    await page.getByRole("button", { name: DOWNLOAD }).click();
    const error = page.getByTestId("model-error");
    await error.waitFor();
    expect(await error.textContent()).toMatch(
      /InternViT-300M-448px-V2_5 cannot be used: .*huggingface\.co.*random weights stays in use/,
    );
    await hub.close();
    expect(await page.locator("[data-status=ready]").count()).toBe(1);
  });

  test("a published model: a download can be cancelled, and encodes the pictures anew", async () => {
    const hub = await routeHub(page, tinyModel());
    const cancelled = new AbortController();
    const { signal } = cancelled;
    // The weights wait until the download was cancelled once.
    hub.before = ({ path }) =>
      path.endsWith("model.safetensors") && !signal.aborted ? once(signal, "abort") : undefined;
    await page.getByRole("button", { name: DOWNLOAD }).click();
    await page.getByTestId("progress").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByTestId("progress").waitFor({ state: "detached" });
    expect(await page.getByTestId("random").count()).toBe(1);
    cancelled.abort();

    await page.getByRole("button", { name: DOWNLOAD }).click();
    await page.locator(".model-name").filter({ hasText: MODEL }).waitFor();
    expect(await page.getByTestId("random").count()).toBe(0);
    await waitForFeatures(page, 1);
    await hub.close();
  });

  test("a folder on a server: a page instead of it says so, and its model is used", async () => {
    const hub = await routeHub(page, tinyModel());
    await page.getByRole("combobox", { name: "Model" }).selectOption("folder");
    const address = page.getByLabel("Address of the folder");
    const use = page.getByRole("button", { name: "Use it" });
    await address.fill("models.example");
    expect(await use.isDisabled()).toBe(true);
    await address.fill(`${FOLDER}/elsewhere`);
    await use.click();
    const error = page.getByTestId("model-error");
    await error
      .filter({ hasText: "models.example answered with a page (200, text/html)" })
      .waitFor();
    await address.fill(`${FOLDER}/`);
    await use.click();
    await page.locator(".model-name").filter({ hasText: "Model from models.example" }).waitFor();
    await page.getByTestId("kept-weights").filter({ hasText: FOLDER }).waitFor();
    await hub.close();
  });

  test("a model that would not fit into memory is refused before it is read", async () => {
    await page.getByRole("combobox", { name: "Model" }).selectOption("files");
    const [config = "", , weights = ""] = TINY_FILES;
    // Pictures of 82 million pixels.
    const processor = JSON.parse(readFileSync(TINY_FILES[1]!, "utf8")) as object;
    const side = 14 * 648;
    const json = JSON.stringify({ ...processor, crop_size: side, size: side });
    const folder = mkdtempSync(join(tmpdir(), "internvit-demo-"));
    writeFileSync(join(folder, "preprocessor_config.json"), json);
    await openFiles(page, [config, join(folder, "preprocessor_config.json"), weights]);
    const error = page.getByTestId("model-error").filter({ hasText: "the session needs" });
    await error.waitFor();
    expect(await error.textContent()).toMatch(
      /the session needs about [\d.]+ GiB .*, but WebAssembly has at most 4\.0 GiB; .*Model from models\.example stays in use/,
    );
    rmSync(folder, { recursive: true });
  });

  test("files that are no model say so; those of one are used, on the chosen device", async () => {
    await page.getByRole("combobox", { name: "Model" }).selectOption("files");
    await openFiles(page, [fixturePath("images", "photo-420.jpg")]);
    const error = page.getByTestId("model-error").filter({ hasText: "there is no config.json" });
    await error.waitFor();
    await page.getByLabel("Runs on").selectOption("webgpu");
    await openFiles(page, TINY_FILES);
    await page.locator(".model-name").filter({ hasText: "Model from this device" }).waitFor();
    expect(await textOf(page, "provider")).toBe("WebGPU");
    // 112 pixels: 8 x 8 patches, 16 visual tokens a tile.
    await page.getByLabel(/^Patch features as colours: Camera 1, 8 rows/).waitFor();
    expect(await textOf(page, "placement")).toMatch(/^\d+ on WebGPU/);
    await page.getByRole("slider", { name: "Tile budget" }).fill("1");
    expect(await textOf(page, "tokens")).toBe("16");
  });

  test("a GPU process that crashes is survived, and the page tells of it", async () => {
    const session = await page.context().browser()!.newBrowserCDPSession();
    // Its own answer may be lost with the process.
    void session.send("Browser.crashGpuProcess").catch(() => undefined);
    await drop(page, [PHOTOS[1]!]);
    await waitForFeatures(page, 2);
    expect(await page.locator("#model").textContent()).toContain("The GPU was lost");
  });
});

async function openFiles(page: Page, paths: readonly string[]): Promise<void> {
  await page.getByLabel("config.json and model.safetensors").setInputFiles([...paths]);
  await page.getByRole("button", { name: "Use it" }).click();
}
