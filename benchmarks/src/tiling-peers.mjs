// @ts-check
// What the tiling benchmark compares, each behind the same face: a task in, milliseconds and bytes out. "tile" makes
// uint8 tiles; "tile-normalize" makes the float32 values that a model takes.

import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { planTiles } from "@internvit/model-core";
import { IMAGENET_NORMALIZATION, tileImage, toPixelValues } from "@internvit/preprocess";

import { startPeer } from "./peer-process.mjs";

/** @typedef {"tile" | "tile-normalize"} Task */
/** @typedef {{ readonly tileSize: number, readonly columns: number, readonly rows: number }} Workload */
/** @typedef {import("@internvit/preprocess").RgbImage} RgbImage */
/** @typedef {{ ms: number, pixels: Uint8Array | undefined }} Result `pixels` uint8 [tiles, side, side, 3] when asked for */
/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {Record<string, string>} versions
 * @property {(task: Task, pixels: boolean) => Promise<Result | undefined>} run undefined: cannot do it
 * @property {() => void} close
 */

/** @param {RgbImage} image @param {Workload} workload @returns {Peer} */
export function ours(image, { tileSize, columns, rows }) {
  const tiles = columns * rows;
  return {
    name: "@internvit/preprocess",
    versions: {},
    async run(task, pixels) {
      const start = performance.now();
      const plan = planTiles(image, { tileSize, minTiles: tiles, maxTiles: tiles });
      const made = tileImage(image, plan);
      if (task === "tile-normalize") toPixelValues(made, IMAGENET_NORMALIZATION);
      const ms = performance.now() - start;
      return { ms, pixels: pixels ? Buffer.concat(made.map((tile) => tile.data)) : undefined };
    },
    close() {},
  };
}

/**
 * The two tiling processors of transformers.js whose result can be brought nearest to this one; neither works on bytes.
 * @param {string} folder @param {RgbImage} image @param {Workload} workload @returns {Promise<Peer[]>}
 */
export async function transformersJs(folder, image, { tileSize, columns, rows }) {
  const require = createRequire(join(folder, "package.json"));
  const { Idefics3ImageProcessor, Lfm2VlImageProcessor, RawImage, env } = await import(
    pathToFileURL(require.resolve("@huggingface/transformers")).href
  );
  require("sharp").concurrency(1);
  require("sharp").cache(false);
  const { mean, std } = IMAGENET_NORMALIZATION;
  const common = {
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
    do_convert_rgb: true,
  };
  const idefics3 = new Idefics3ImageProcessor({
    ...common,
    do_resize: true,
    size: { longest_edge: columns * tileSize },
    resample: 3,
    do_image_splitting: true,
    max_image_size: { longest_edge: tileSize },
  });
  const patch = 14;
  const lfm2 = new Lfm2VlImageProcessor({
    ...common,
    do_resize: false,
    tile_size: tileSize,
    encoder_patch_size: patch,
    min_tiles: columns * rows,
    max_tiles: columns * rows,
    use_thumbnail: true,
  });
  const plane = tileSize * tileSize;
  const sample = sampleOf(mean, std);
  return [
    {
      name: "transformers.js, Idefics3",
      versions: { "transformers.js": env.version },
      run: (task, pixels) =>
        timed(task, idefics3, pixels, (values) =>
          Uint8Array.from(values, (_, i) => {
            const [tile, channel] = [Math.floor(i / 3 / plane), i % 3];
            const position = Math.floor(i / 3) % plane;
            return sample(values[(tile * 3 + channel) * plane + position], channel);
          }),
        ),
      close() {},
    },
    {
      name: "transformers.js, LFM2-VL",
      versions: {},
      run: (task, pixels) =>
        timed(task, lfm2, pixels, (values) =>
          // [tiles, patches, patch * patch * 3]; the thumbnail keeps its aspect ratio and is not compared.
          Uint8Array.from({ length: columns * rows * plane * 3 }, (_, i) => {
            const [tile, channel] = [Math.floor(i / 3 / plane), i % 3];
            const [x, y] = [Math.floor(i / 3) % tileSize, Math.floor(i / 3 / tileSize) % tileSize];
            const across = tileSize / patch;
            const at = Math.floor(y / patch) * across + Math.floor(x / patch);
            const inside = (y % patch) * patch + (x % patch);
            return sample(
              values[((tile * across * across + at) * patch * patch + inside) * 3 + channel],
              channel,
            );
          }),
        ),
      close() {},
    },
  ];

  /**
   * @param {Task} task @param {(images: unknown[]) => Promise<any>} processor @param {boolean} pixels
   * @param {(values: Float32Array) => Uint8Array} toBytes
   */
  async function timed(task, processor, pixels, toBytes) {
    if (task === "tile") return undefined;
    // It may change the picture in place.
    const raw = new RawImage(Uint8ClampedArray.from(image.data), image.width, image.height, 3);
    const start = performance.now();
    const { pixel_values: values } = await processor([raw]);
    const ms = performance.now() - start;
    const tiles = columns * rows + 1;
    if (values.data.length !== tiles * plane * 3) {
      throw new Error(`expected ${tiles} tiles, found the shape ${values.dims.join("x")}`);
    }
    return { ms, pixels: pixels ? toBytes(values.data) : undefined };
  }
}

/** Undoes the normalisation of one value. @param {readonly number[]} mean @param {readonly number[]} std */
function sampleOf(mean, std) {
  return (/** @type {number | undefined} */ value, /** @type {number} */ channel) => {
    const deviation = /** @type {number} */ (std[channel]);
    const level = /** @type {number} */ (value) * deviation + /** @type {number} */ (mean[channel]);
    return Math.min(255, Math.max(0, Math.round(level * 255)));
  };
}

/** Pillow in a process of its own. @param {string} python @param {string} file @param {Workload} workload @returns {Promise<Peer>} */
export async function pillow(python, file, workload) {
  const script = fileURLToPath(new URL("tiling-pillow.py", import.meta.url));
  const child = await startPeer(python, [script], {
    OMP_NUM_THREADS: "1",
    OPENBLAS_NUM_THREADS: "1",
  });
  return {
    name: "Pillow",
    versions: child.versions,
    async run(task, pixels) {
      const result = await child.ask({ task, file, ...workload, pixels });
      const bytes = result.pixels === null ? undefined : Buffer.from(result.pixels, "base64");
      return { ms: result.ms, pixels: bytes };
    },
    close: () => child.close(),
  };
}
