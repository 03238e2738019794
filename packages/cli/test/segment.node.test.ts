import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { classColours } from "@internvit/eval";
import { readLabelPng } from "@internvit/eval/node";
import { fixturePath } from "@internvit/test-kit";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { resultNames } from "../src/commands/segment-files.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";
import { headBytes } from "./segmentation-head.ts";

const MODEL = fixturePath("tiny-layernorm");
const folder = temporaryFolder();
const path = (...parts: readonly string[]): string => join(folder.path, ...parts);
const input = path("pictures");
const HEAD = path("head.safetensors");

/** Four pictures, two of which differ in their ending only, and one that is none. */
beforeAll(async () => {
  mkdirSync(join(input, "more"), { recursive: true });
  cpSync(fixturePath("images", "photo-420.jpg"), join(input, "street.jpg"));
  cpSync(fixturePath("images", "rgb.png"), join(input, "street.png"));
  cpSync(fixturePath("images", "small.png"), join(input, "more", "small.png"));
  writeFileSync(join(input, "broken.jpg"), "no picture");
  writeFileSync(HEAD, await headBytes(MODEL));
});
afterAll(() => folder[Symbol.dispose]());

function segment(sources: readonly string[], output: string, more: readonly string[] = []) {
  const args = ["--head", HEAD, "--model", MODEL, "--output", path(output)];
  return runCli(["segment", ...sources, ...args, ...more]);
}

/** What a picture's labels are, and the size of its files. */
async function resultsOf(labels: string, overlay: string) {
  const { width, height, values } = readLabelPng(readFileSync(labels), { subject: labels });
  const shown = await sharp(overlay).metadata();
  expect([shown.width, shown.height]).toEqual([width, height]);
  return { width, height, values };
}

/** The labels of one picture. */
async function labelsOf(output: string, more: readonly string[]): Promise<Uint8Array> {
  const finished = await segment([join(input, "street.jpg")], output, more);
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  expect(finished.stdout).toMatch(/^segmented 1 image with .*head.safetensors, .* per image\n/);
  const found = [path(output, "street.labels.png"), path(output, "street.overlay.png")] as const;
  return Uint8Array.from((await resultsOf(...found)).values);
}

describe("segment", () => {
  it("writes labels, overlays and a legend, says what is bad, and exits with 1", async () => {
    const finished = await segment([input], "out", ["--json"]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/^failed: broken.jpg: expected a JPEG/m);
    expect(finished.stderr).toMatch(/^error: 1 of 4 images could not be used and was left out$/m);
    const events = eventsOf(finished);
    expect(events.filter(({ event }) => event === "progress").at(-1)).toMatchObject({
      stage: "segment",
      done: 4,
      total: 4,
      unit: "images",
    });
    expect(events.at(-1)).toMatchObject({ event: "result", command: "segment", images: 3 });
    expect(readdirSync(path("out")).sort()).toEqual([
      "legend.json",
      "more",
      "street.jpg.labels.png",
      "street.jpg.overlay.png",
      "street.png.labels.png",
      "street.png.overlay.png",
    ]);

    const { values, width, height } = await resultsOf(
      path("out", "more", "small.labels.png"),
      path("out", "more", "small.overlay.png"),
    );
    const source = await sharp(fixturePath("images", "small.png")).metadata();
    expect([width, height]).toEqual([source.width, source.height]);
    const legend = JSON.parse(readFileSync(path("out", "legend.json"), "utf8"));
    expect(legend).toMatchObject({
      head: { file: HEAD, iteration: 7, protocol: { name: "test" } },
      model: MODEL,
      inference: { shortSide: 112, scales: [1], flip: false, orientation: "apply" },
      failed: [{ file: "broken.jpg" }],
      versions: { internvit: expect.any(String) as string },
    });
    const [first] = classColours(3);
    const hexadecimal = first!.map((value) => value.toString(16).padStart(2, "0")).join("");
    expect(legend.classes[0]).toMatchObject({ label: 0, name: "road", colour: `#${hexadecimal}` });
    const shares = legend.classes.map(({ share }: { share: number }) => share);
    expect(shares.reduce((sum: number, share: number) => sum + share, 0)).toBeCloseTo(1, 12);
    const small = legend.pictures.find(({ file }: { file: string }) => file === "more/small.png");
    const counts = [0, 1, 2].map((label) => values.filter((value) => value === label).length);
    for (const { label, share } of small.classes) {
      expect(share).toBeCloseTo(counts[label]! / values.length, 12);
    }
  });

  it("gives the same again, also with more sessions; and something else mirrored and at scales", async () => {
    const one = await labelsOf("one", ["--sessions", "1", "--threads", "1"]);
    expect(new Set(one).size).toBeGreaterThan(1);
    expect(await labelsOf("one", ["--sessions", "2", "--threads", "1"])).toEqual(one);
    expect(await labelsOf("scales", ["--flip", "--scales", "0.75,1"])).not.toEqual(one);
  });

  it("needs no model for a head that was trained with its encoder, and takes none", async () => {
    const tuned = path("tuned.safetensors");
    writeFileSync(tuned, await headBytes(MODEL, { trained: true }));
    const args = ["segment", join(input, "street.png"), "--head", tuned, "--output", path("tuned")];
    expect(await runCli(args)).toMatchObject({ code: 0, stderr: "" });
    // The same weights, on their own and in the head's file; float32 sums in another order.
    await segment([join(input, "street.png")], "frozen");
    const [own, other] = await Promise.all(
      ["tuned", "frozen"].map((name) =>
        resultsOf(path(name, "street.labels.png"), path(name, "street.overlay.png")),
      ),
    );
    const wrong = own!.values.filter((value, at) => value !== other!.values[at]).length;
    expect(wrong / own!.values.length).toBeLessThan(0.001);
    const refused = await runCli([...args, "--model", MODEL]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--model does not go with .*tuned.safetensors/);
  });

  it("never writes over a picture", async () => {
    const both = path("both");
    mkdirSync(both);
    cpSync(join(input, "street.png"), join(both, "a.png"));
    expect((await segment([join(both, "a.png")], "both")).code).toBe(0);
    const before = readFileSync(join(both, "a.labels.png"));
    const refused = await segment([both], "both");
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /^error: .*a\.labels\.png cannot be written: it is the picture a\.labels\.png; expected another --output\n$/,
    );
    expect(readFileSync(join(both, "a.labels.png"))).toEqual(before);
    expect(existsSync(join(both, "a.labels.labels.png"))).toBe(false);
  });

  it("refuses another model, a file that is no head, and options outside their range", async () => {
    const picture = join(input, "street.png");
    const other = path("other.safetensors");
    writeFileSync(other, await headBytes(MODEL, { checkpointHash: "ab".repeat(32) }));
    const refused = await segment([picture], "refused", ["--head", other]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/trained on tiny; expected an encoder with weights of SHA-256/);
    expect((await segment([picture], "refused", ["--head", other, "--other-model"])).code).toBe(0);
    const weights = join(MODEL, "model.safetensors");
    const none = await segment([picture], "refused", ["--head", weights]);
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/model.safetensors: expected a trained segmentation head/);
    for (const [option, value] of [
      ["--opacity", "2"],
      ["--scales", "1,0"],
    ] as const) {
      const usage = await segment([picture], "refused", [option, value]);
      expect(usage.code).toBe(2);
      expect(usage.stderr).toMatch(new RegExp(`${option}: expected .*found "${value}"`));
    }
  });
});

describe("names of results", () => {
  it("tell pictures apart whatever they are called", () => {
    const names = resultNames(["a/b.jpg", "c.jpg", "C.png", "/x/d.jpg", "../d.jpg", "d.jpg-2"]);
    expect(names).toEqual(["a/b", "c.jpg", "C.png", "d.jpg", "d.jpg-3", "d.jpg-2"]);
    expect(resultNames(["/x/a.jpg", "/y/a.jpg", "a.jpg-2.png"])).toEqual([
      "a.jpg",
      "a.jpg-3",
      "a.jpg-2",
    ]);
  });
});
