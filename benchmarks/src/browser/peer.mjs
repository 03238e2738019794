// @ts-check
// The page of transformers.js: the same weights as a ViT, in its ordinary use. It keeps its files in the Cache API.

import { AutoImageProcessor, AutoModel, env, RawImage, Tensor } from "@huggingface/transformers";

import { provider, SIDE, start, threads } from "./clock.mjs";

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

env.remoteHost = location.origin;
env.remotePathTemplate = "models/{model}/";
env.backends.onnx.wasm.numThreads = threads;
env.backends.onnx.wasm.wasmPaths = {
  mjs: "/ort/ort-wasm-simd-threaded.asyncify.mjs",
  wasm: "/ort/ort-wasm-simd-threaded.asyncify.wasm",
};

await start(async () => {
  const model = await AutoModel.from_pretrained("vit", { device: provider, dtype: "fp32" });
  const processor = await AutoImageProcessor.from_pretrained("vit");
  /** @param {unknown} values */
  const run = async (values) => {
    const { last_hidden_state: hidden } = await model({ pixel_values: values });
    return hidden.data;
  };
  /** @type {Map<Uint8Array, unknown>} */
  const tensors = new Map();
  /** Normalised once, outside the clock. @param {Uint8Array} pixels */
  const tensorOf = (pixels) => {
    let tensor = tensors.get(pixels);
    if (tensor === undefined) {
      const plane = SIDE * SIDE;
      const values = Float32Array.from({ length: 3 * plane }, (_, i) => {
        const channel = Math.floor(i / plane);
        const sample = /** @type {number} */ (pixels[(i % plane) * 3 + channel]);
        return (sample / 255 - Number(MEAN[channel])) / Number(STD[channel]);
      });
      tensor = new Tensor("float32", values, [1, 3, SIDE, SIDE]);
      tensors.set(pixels, tensor);
    }
    return tensor;
  };
  return {
    version: `transformers.js ${env.version}, onnxruntime-web ${env.backends.onnx.versions?.web}`,
    async encode(pixels) {
      const tensor = tensorOf(pixels);
      const begin = performance.now();
      await run(tensor);
      return performance.now() - begin;
    },
    features: async (pixels) => run(tensorOf(pixels)),
    async embed(jpeg) {
      const begin = performance.now();
      const { pixel_values: values } = await processor(await RawImage.fromBlob(jpeg));
      await run(values);
      return performance.now() - begin;
    },
    async preprocessor(jpeg) {
      const decoded = await RawImage.fromBlob(jpeg);
      return async (from) => {
        // Converting to RGB changes the picture in place.
        const image = from === "pixels" ? decoded.clone() : undefined;
        const begin = performance.now();
        const { pixel_values: values } = await processor(image ?? (await RawImage.fromBlob(jpeg)));
        return { ms: performance.now() - begin, values: values.data };
      };
    },
  };
});
