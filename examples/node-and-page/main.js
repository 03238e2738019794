import { urlDirectory } from "@internvit/hub";
import { decodeImage } from "@internvit/preprocess/canvas";
import { createVisionEncoder, openCheckpoint } from "@internvit/runtime-web";

import { embed, OUTPUTS, show } from "./embed.js";

const input = document.querySelector("input");
const output = document.querySelector("output");

const checkpoint = await openCheckpoint(urlDirectory(new URL("model/", document.baseURI).href));
const encoder = await createVisionEncoder(checkpoint, { outputs: OUTPUTS });

input.addEventListener("change", async () => {
  const { image } = await decodeImage(input.files[0]);
  output.textContent = show(await embed(image, { checkpoint, encoder }));
});
input.disabled = false;
