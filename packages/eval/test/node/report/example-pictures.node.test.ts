import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  classColours,
  hashResult,
  IGNORED_COLOUR,
  IGNORED_LABEL,
  type SegmentationSet,
} from "@internvit/eval";
import {
  readExamplePictures,
  readResult,
  writeResult,
  writeSegmentationHtmlReport,
} from "@internvit/eval/node";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  sampleScene,
  sampleSegmentation,
  SCENE_CLASSES,
} from "../../results/sample-segmentation.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-examples-"));
});
afterAll(() => rm(folder, { recursive: true }));

const result = await sampleSegmentation();
const [first] = result.val.examples;
const nothing = async () => {};

/** The set of the sample; every picture is a grey one of the labels' size. */
async function sceneSet(change: Partial<SegmentationSet> = {}): Promise<SegmentationSet> {
  const grey = await sharp({ create: { width: 96, height: 72, channels: 3, background: "#888" } })
    .png()
    .toBuffer();
  return {
    name: "camvid",
    origin: "data/camvid",
    classes: SCENE_CLASSES,
    length: 12,
    listHash: result.val.data.listHash,
    picture: async (index) => ({ index, key: `scene-${index}.png` }),
    read: async () => Uint8Array.from(grey),
    readLabel: async (index) => sampleScene(index).label,
    dispose: nothing,
    [Symbol.asyncDispose]: nothing,
    ...change,
  };
}

/** RGB of an address. */
async function decoded(address: string | null) {
  const bytes = Buffer.from(address!.replace(/^data:image\/\w+;base64,/, ""), "base64");
  return sharp(bytes)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
}

test("each example has its picture, truth, prediction and errors in the colours of the classes", async () => {
  const pictures = await readExamplePictures(result, { set: await sceneSet() });
  expect([...pictures.keys()]).toEqual(result.val.examples.map(({ index }) => index));
  const { label, prediction } = sampleScene(first!.index);
  const colours = classColours(SCENE_CLASSES.length);
  const colourOf = (value: number) => (value === IGNORED_LABEL ? IGNORED_COLOUR : colours[value]!);
  const own = pictures.get(first!.index)!;
  const [truth, answer, errors] = await Promise.all(
    [own.truth, own.prediction, own.errors].map(decoded),
  );
  expect(truth!.info).toMatchObject({ width: 96, height: 72, channels: 3 });
  expect([...truth!.data]).toEqual([...label.data].flatMap((value) => [...colourOf(value)]));
  expect([...answer!.data]).toEqual([...prediction.data].flatMap((value) => [...colourOf(value)]));
  const wrong = label.data.map((value, at) => (value === prediction.data[at] ? 0 : 1));
  const seen = wrong.map((_, at) => {
    const [red, green] = errors!.data.subarray(3 * at);
    return label.data[at] === IGNORED_LABEL ? wrong[at]! : Number(red! - green! > 100);
  });
  expect(seen).toEqual(wrong);
  const ignored = label.data.indexOf(IGNORED_LABEL);
  expect([...errors!.data.subarray(3 * ignored, 3 * ignored + 3)]).toEqual([...IGNORED_COLOUR]);
  expect((await decoded(own.input)).info).toMatchObject({ width: 96, height: 72 });
  const used = new Set(
    [...label.data, ...prediction.data].filter((each) => each !== IGNORED_LABEL),
  );
  expect(own).toMatchObject({ hasIgnored: true, labels: [...used].sort((a, b) => a - b) });
});

test("large ones are made smaller, all to the same size", async () => {
  const pictures = await readExamplePictures(result, { set: await sceneSet(), size: 40 });
  const { input, truth, prediction, errors } = pictures.get(first!.index)!;
  for (const address of [input, truth, prediction, errors]) {
    expect((await decoded(address)).info).toMatchObject({ width: 40, height: 30 });
  }
});

test("without the set there are predictions alone; a picture that cannot be decoded is left out", async () => {
  const alone = (await readExamplePictures(result)).get(first!.index)!;
  expect(alone).toMatchObject({ input: null, truth: null, errors: null, hasIgnored: false });
  expect((await decoded(alone.prediction)).info.width).toBe(96);
  const set = await sceneSet({ read: async () => Uint8Array.of(1, 2, 3) });
  const broken = (await readExamplePictures(result, { set })).get(first!.index)!;
  expect(broken.input).toBeNull();
  expect(broken.truth).not.toBeNull();
});

const refused = async (change: Partial<SegmentationSet>) =>
  readExamplePictures(result, { set: await sceneSet(change) });
const smallLabel = async () => ({ width: 2, height: 1, data: new Uint8Array(2) });

test("another set, other classes and labels of another size are refused", async () => {
  await expect(refused({ listHash: "0".repeat(64) })).rejects.toThrow("that was scored, found 000");
  await expect(refused({ classes: SCENE_CLASSES.slice(1) })).rejects.toThrow(
    "expected the 11 classes that were scored, found 10",
  );
  await expect(refused({ readLabel: smallLabel })).rejects.toThrow(
    `${first!.key}: expected labels of 96x72 pixels as they were scored, found 2x1`,
  );
});

test("a damaged prediction is named", async () => {
  const damaged = (prediction: string) => {
    const examples = [{ ...first!, prediction }];
    return readExamplePictures({ ...result, val: { ...result.val, examples } });
  };
  const subject = `the prediction for ${first!.key}`;
  await expect(damaged(first!.prediction.slice(0, 200))).rejects.toThrow(
    `${subject}: expected a PNG`,
  );
  const classes = SCENE_CLASSES.slice(0, 2);
  const fewer = { ...result, val: { ...result.val, classes } };
  await expect(readExamplePictures(fewer)).rejects.toThrow("expected labels below 2, found");
});

test("result and report are written to files, whole", async () => {
  const [json, page] = [join(folder, "results.json"), join(folder, "report.html")];
  await writeResult(json, result);
  expect(await readResult(json)).toEqual(result);
  await writeSegmentationHtmlReport(page, result, { set: await sceneSet() });
  const text = await readFile(page, "utf8");
  expect(text.match(/<img /g)).toHaveLength(4 * result.val.examples.length);
  expect(text).toContain(await hashResult(result));
});
