// @ts-check
// The page of this project's side. The weights are in OPFS, where a first visit put them.

import { blobDirectory, createVisionEncoder } from "@internvit/runtime-web";
import { IMAGENET_NORMALIZATION, squareResize, toPixelValues } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/canvas";

import { provider, SIDE, start, threads } from "./clock.mjs";

const FILES = ["config.json", "model.safetensors"];
const wasmPaths = new URL("/ort/", location.href).href;

/** The one place that says how weights are kept between visits. */
async function storedCheckpoint() {
  const root = await navigator.storage.getDirectory();
  const files = await Promise.all(
    FILES.map(async (name) => {
      const handle = await root.getFileHandle(name, { create: true });
      const file = await handle.getFile();
      if (file.size > 0) return /** @type {const} */ ([name, file]);
      const response = await fetch(`/checkpoint/${name}`);
      await response.body?.pipeTo(await handle.createWritable());
      return /** @type {const} */ ([name, await handle.getFile()]);
    }),
  );
  return blobDirectory("OPFS", new Map(files));
}

await start(async () => {
  const encoder = await createVisionEncoder(await storedCheckpoint(), {
    executionProvider: provider,
    threads,
    wasmPaths,
    outputs: ["last_hidden_state"],
  });
  /** @param {Uint8Array} data */
  const run = async (data) => {
    const result = await encoder.encode({ dtype: "uint8", shape: [1, SIDE, SIDE, 3], data });
    return /** @type {Float32Array} */ (result.lastHiddenState?.data);
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
