// `node node.js <checkpoint folder> <picture>…`: the numbers that the page shows.

import { decodeImage } from "@internvit/preprocess/sharp";
import { createVisionEncoder, openCheckpoint } from "@internvit/runtime-node";

import { embed, OUTPUTS, show } from "./embed.js";

const [folder, ...pictures] = process.argv.slice(2);
const checkpoint = await openCheckpoint(folder);
const encoder = await createVisionEncoder(checkpoint, { outputs: OUTPUTS });
for (const picture of pictures) {
  const { image } = await decodeImage(picture);
  console.log(show(await embed(image, { checkpoint, encoder })));
}
await encoder.dispose();
