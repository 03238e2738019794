// A set that any encoder tells apart, and the command that probes one with it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import sharp from "sharp";

/** Pictures of three colours, each a little different, in folders of their names. */
export async function writeColours(
  folder: string,
  { each }: { readonly each: number },
): Promise<void> {
  const colours = { blue: [30, 40, 200], green: [20, 180, 40], red: [210, 30, 30] };
  for (const [name, [r = 0, g = 0, b = 0]] of Object.entries(colours)) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let at = 0; at < each; at++) {
      const background = { r: r + at, g: g + at, b: b + (each === 10 ? at : at / 2) };
      await sharp({ create: { width: 40, height: 30, channels: 3, background } })
        .png()
        .toFile(join(folder, name, `${each}-${at}.png`));
    }
  }
}

/** `eval classification` of a tiny model with the sets `train` and `val` of a folder. */
export function probeArguments(
  data: string,
  { output, more }: { readonly output: string; readonly more: readonly string[] },
): string[] {
  const model = ["--model", fixturePath("tiny-layernorm"), "--image-size", "42"];
  const sets = ["--train", join(data, "train"), "--val", `colours=${join(data, "val")}`];
  const machine = ["--sessions", "1", "--threads", "1"];
  return ["eval", "classification", ...model, ...sets, ...machine, "--output", output, ...more];
}
