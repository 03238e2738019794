// @ts-check
// The page of this project's side. The weights are in OPFS, where the first visit kept them.

import { urlDirectory } from "@internvit/hub";
import { IMAGENET_NORMALIZATION, squareResize, toPixelValues } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/canvas";
import { createVisionEncoder } from "@internvit/runtime-web";

import { outputs, provider, SIDE, start, threads } from "./clock.mjs";

const wasmPaths = new URL("/ort/", location.href).href;
const checkpoint = new URL("/checkpoint/", location.href).href;

await start(async () => {
  const encoder = await createVisionEncoder(urlDirectory(checkpoint), {
    executionProvider: provider,
    dtype: "f32",
    threads,
    wasmPaths,
    outputs: [/** @type {"pooler_output" | "last_hidden_state"} */ (outputs)],
  });
  /** @param {Uint8Array} data */
  const run = async (data) => {
    const result = await encoder.encode({ dtype: "uint8", shape: [1, SIDE, SIDE, 3], data });
    return /** @type {Float32Array} */ ((result.poolerOutput ?? result.lastHiddenState)?.data);
  };
  return {
    version: JSON.stringify(encoder.info.versions),
    async encode(pixels) {
      const begin = performance.now();
      await run(pixels);
      return performance.now() - begin;
    },
    features: run,
    async embed(jpeg) {
      const begin = performance.now();
      const { image } = await decodeImage(jpeg);
      await run(squareResize(image, { size: SIDE }).data);
      return performance.now() - begin;
    },
    async preprocessor(jpeg) {
      const { image: decoded } = await decodeImage(jpeg);
      return async (from) => {
        const begin = performance.now();
        const image = from === "pixels" ? decoded : (await decodeImage(jpeg)).image;
        const square = squareResize(image, { size: SIDE });
        const { data } = toPixelValues([square], IMAGENET_NORMALIZATION);
        return { ms: performance.now() - begin, values: data };
      };
    },
  };
});
