// Features of real pictures: CIFAR-10 through the encoder of the fixtures, class token and mean of the patches.

import { readdirSync } from "node:fs";
import { join } from "node:path";

import { clipCrop, packPixels, parseImageProcessorConfig } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/sharp";
import { createVisionEncoder, openCheckpoint } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";

/** Labelled features, row by row; all pictures of the first class come first. */
export interface PictureFeatures {
  readonly features: Float32Array;
  readonly labels: readonly number[];
  readonly width: number;
}

/** Features of the first pictures of each class, in the order of names. */
export async function cifarFeatures(
  directory: string,
  { perClass }: { readonly perClass: number },
): Promise<PictureFeatures> {
  const checkpoint = await openCheckpoint(fixturePath("tiny-layernorm"));
  const processor = parseImageProcessorConfig(checkpoint.preprocessorJson);
  await using encoder = await createVisionEncoder(checkpoint, { outputs: ["last_hidden_state"] });
  const hidden = checkpoint.config.hiddenSize;
  const width = 2 * hidden;
  const classes = readdirSync(join(directory, "train")).toSorted();
  const features = new Float32Array(classes.length * perClass * width);
  const labels: number[] = [];
  for (const [label, name] of classes.entries()) {
    const folder = join(directory, "train", name);
    const files = readdirSync(folder).toSorted().slice(0, perClass);
    const crops = await Promise.all(
      files.map(async (file) => clipCrop((await decodeImage(join(folder, file))).image, processor)),
    );
    const { lastHiddenState } = await encoder.encode(packPixels(crops));
    const { shape, data } = lastHiddenState!;
    const tokens = shape[1]!;
    for (let picture = 0; picture < files.length; picture++) {
      const start = labels.length * width;
      for (let channel = 0; channel < hidden; channel++) {
        const at = (token: number) => data[(picture * tokens + token) * hidden + channel]!;
        let sum = 0;
        for (let token = 1; token < tokens; token++) sum += at(token);
        features[start + channel] = at(0);
        features[start + hidden + channel] = sum / (tokens - 1);
      }
      labels.push(label);
    }
  }
  return { features, labels, width };
}
