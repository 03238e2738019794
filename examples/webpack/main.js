// A picture that is picked, to its feature. The folder model/ beside the page holds a checkpoint.

import { urlDirectory } from "@internvit/hub";
import { clipCrop, packPixels, parseImageProcessorConfig } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/canvas";
import { createVisionEncoder, openCheckpoint } from "@internvit/runtime-web";

const input = document.querySelector("input");
const output = document.querySelector("output");

const checkpoint = await openCheckpoint(urlDirectory(new URL("model/", document.baseURI).href));
const processor = parseImageProcessorConfig(checkpoint.preprocessorJson);
const encoder = await createVisionEncoder(checkpoint, { outputs: ["pooler_output"] });

async function embed(picture) {
  const { image } = await decodeImage(picture);
  const { poolerOutput } = await encoder.encode(packPixels([clipCrop(image, processor)]));
  return poolerOutput.data;
}

input.addEventListener("change", async () => {
  const feature = await embed(input.files[0]);
  output.textContent = Array.from(feature.subarray(0, 8), (value) => value.toFixed(4)).join(" ");
});
input.disabled = false;
