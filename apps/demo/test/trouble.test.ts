import { once } from "node:events";
import { readFileSync } from "node:fs";

import { fixturePath, type HubServer, startHub } from "@internvit/test-kit";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { drop, openPage, type OpenedPage, PHOTOS, textOf, waitForFeatures } from "./open-page.ts";

const MODEL = "InternViT-300M-448px-V2_5";
const HUB = "https://huggingface.co/**";
/** 304 million weights of two bytes, and then some. */
const DOWNLOAD = /^Download 6\d\d MB$/;
const FILES = ["config.json", "preprocessor_config.json", "model.safetensors"];

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
    await page.route(HUB, (route) => route.abort("internetdisconnected"));
    await page.getByRole("button", { name: DOWNLOAD }).click();
    const error = page.getByTestId("model-error");
    await error.waitFor();
    expect(await error.textContent()).toMatch(
      /InternViT-300M-448px-V2_5 cannot be used: .*huggingface\.co.*random weights stays in use/,
    );
    await page.unrouteAll();
    expect(await page.locator("[data-status=ready]").count()).toBe(1);
  });

  test("a published model: a download can be cancelled, and encodes the pictures anew", async () => {
    const hub = await startHub([servedModel()]);
    const cancelled = new AbortController();
    await page.route(HUB, async (route) => {
      const { pathname, search } = new URL(route.request().url());
      // The weights wait until the download was cancelled once.
      const { signal } = cancelled;
      if (pathname.endsWith("model.safetensors") && !signal.aborted) await once(signal, "abort");
      await answerFrom(hub, { route, path: pathname + search });
    });
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
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await hub.close();
  });

  test("files that are no model say so; those of one are used, on the chosen device", async () => {
    await page.getByRole("combobox", { name: "Model" }).selectOption("files");
    await openFiles(page, [fixturePath("images", "photo-420.jpg")]);
    const error = page.getByTestId("model-error").filter({ hasText: "there is no config.json" });
    await error.waitFor();
    await page.getByLabel("Runs on").selectOption("webgpu");
    await openFiles(
      page,
      FILES.map((name) => fixturePath("tiny-layernorm", name)),
    );
    await page.locator(".model-name").filter({ hasText: "Model from this device" }).waitFor();
    expect(await textOf(page, "provider")).toBe("WebGPU");
    // 112 pixels: 8 x 8 patches, 16 visual tokens a tile.
    await page.getByLabel(/^Patch features as colours: Camera 1, 8 rows/).waitFor();
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

function servedModel() {
  const files = new Map(
    FILES.map((name) => [name, new Uint8Array(readFileSync(fixturePath("tiny-layernorm", name)))]),
  );
  return { repository: `OpenGVLab/${MODEL}`, commit: "c".repeat(40), files };
}

/** Answers a request to the hub from a hub on this machine, as the real one lets pages read it. */
async function answerFrom(
  hub: HubServer,
  {
    route,
    path,
  }: { readonly route: Parameters<Parameters<Page["route"]>[1]>[0]; readonly path: string },
): Promise<void> {
  const { range } = route.request().headers();
  const answer = await fetch(
    hub.endpoint + path,
    range === undefined ? {} : { headers: { range } },
  );
  await route.fulfill({
    status: answer.status,
    headers: {
      ...Object.fromEntries(answer.headers),
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "*",
    },
    body: Buffer.from(await answer.arrayBuffer()),
  });
}

async function openFiles(page: Page, paths: readonly string[]): Promise<void> {
  await page.getByLabel("config.json and model.safetensors").setInputFiles([...paths]);
  await page.getByRole("button", { name: "Use it" }).click();
}
