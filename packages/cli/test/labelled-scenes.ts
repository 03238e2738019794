// Small pictures with label pictures, written to folders, and the command that probes a tiny model with them.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  classColours,
  encodeLabelPng,
  type LabelMap,
  NAMED_SEGMENTATION_PROTOCOLS,
  type SegmentationProtocol,
} from "@internvit/eval";
import { fixturePath } from "@internvit/test-kit";
import sharp from "sharp";

const CLASSES = ["sky", "ground", "pole"];
const COLOURS = [
  [70, 130, 220],
  [60, 50, 30],
  [230, 200, 40],
] as const;
/** Of every picture. */
const SIZE = { width: 80, height: 60 };

/** How many pictures a set has. */
export interface SceneCounts {
  readonly train: number;
  readonly val: number;
}

/** Writes a set of one's own; the labels of even pictures have a palette, those of odd ones are grey. */
export async function writeScenes(root: string, { train, val }: SceneCounts): Promise<void> {
  for (const [split, count] of [
    ["train", train],
    ["val", val],
  ] as const) {
    mkdirSync(join(root, "images", split), { recursive: true });
    mkdirSync(join(root, "labels", split), { recursive: true });
    for (let at = 0; at < count; at++) await writeScene(root, { split, at });
  }
  writeFileSync(join(root, "classes.txt"), `${CLASSES.join("\n")}\n`);
}

async function writeScene(
  root: string,
  { split, at }: { readonly split: "train" | "val"; readonly at: number },
): Promise<void> {
  const label = sceneLabel(at + (split === "val" ? 5 : 0));
  const pixels = new Uint8Array(label.data.length * 3);
  for (const [pixel, value] of label.data.entries()) {
    pixels.set(COLOURS[value] ?? [0, 0, 0], pixel * 3);
  }
  const name = sceneName(at);
  await sharp(pixels, { raw: { ...SIZE, channels: 3 } })
    .png()
    .toFile(join(root, "images", split, name));
  const colours = classColours(CLASSES.length);
  const png = at % 2 === 0 ? await encodeLabelPng(label, { colours }) : await greyPng(label);
  writeFileSync(labelPath(root, { split, at }), png);
}

/** A horizon with a pole on it, and a border without class. */
function sceneLabel(seed: number): LabelMap {
  const { width, height } = SIZE;
  const data = new Uint8Array(width * height);
  const horizon = 20 + ((seed * 7) % 20);
  const pole = 10 + ((seed * 13) % 50);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const onPole = x >= pole && x < pole + 14 && y > horizon - 15 && y < horizon + 15;
      const value = onPole ? 2 : y < horizon ? 0 : 1;
      data[y * width + x] = x < 2 ? 255 : value;
    }
  }
  return { ...SIZE, data };
}

/** A grey PNG of bytes. */
export function greyPng({ width, height, data }: LabelMap): Promise<Uint8Array> {
  const raw = { width, height, channels: 1 } as const;
  return sharp(data, { raw }).toColourspace("b-w").png().toBuffer();
}

/** A label picture with one value everywhere. */
export function plainLabel(
  value: number,
  size: { width: number; height: number } = SIZE,
): LabelMap {
  return { ...size, data: new Uint8Array(size.width * size.height).fill(value) };
}

/** The file of a picture. */
export function sceneName(at: number): string {
  return `${String(at).padStart(2, "0")}.png`;
}

/** Where the label of a picture is. */
export function labelPath(
  root: string,
  { split, at }: { readonly split: "train" | "val"; readonly at: number },
): string {
  return join(root, "labels", split, sceneName(at));
}

/** `eval segmentation` of a tiny model with the set in `root`. */
export function segmentationArguments(
  root: string,
  { output, more }: { readonly output: string; readonly more: readonly string[] },
): string[] {
  const model = ["--model", fixturePath("tiny-layernorm"), "--sessions", "1", "--threads", "1"];
  const set = ["--dataset", "folder", "--root", root];
  return ["eval", "segmentation", ...model, ...set, "--output", output, ...more];
}

/** A protocol of one's own in a file: small crops, no warm-up, and a rate at which a few steps teach something. */
export function writeProtocol(
  path: string,
  { base, ...change }: { readonly base: string } & Readonly<Record<string, unknown>>,
): string {
  const named = NAMED_SEGMENTATION_PROTOCOLS[base] as SegmentationProtocol;
  const protocol = {
    ...named,
    name: "own",
    cropSize: 56,
    iterations: 4,
    batch: 2,
    optimizer: {
      ...named.optimizer,
      learningRate: 1e-2,
      schedule: { ...named.optimizer.schedule, warmup: 0 },
    },
    inference: {
      ...named.inference,
      shortSide: 56,
      mode: { kind: "slide", window: 56, stride: 42 },
    },
    ...(named.kind === "online" && {
      augmentation: { ...named.augmentation, limits: { long: 224, short: 56 } },
    }),
    ...change,
  };
  writeFileSync(path, JSON.stringify(protocol));
  return path;
}
