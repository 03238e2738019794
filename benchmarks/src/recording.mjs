// @ts-check
// Watches a run of @internvit/eval: which pictures its encoders saw, and what its sessions are fed.

/** @typedef {import("@internvit/model-core").VisionEncoder} VisionEncoder */
/** @typedef {import("@internvit/model-core").GraphRuntime} GraphRuntime */
/** @typedef {import("@internvit/model-core").HeldTensor} HeldTensor */
/** @typedef {import("@internvit/model-core").Tensor} Tensor */

/** Floats by which a row is known. */
const KEY = 16;

/** @param {Tensor["data"]} data @param {number} row @param {number} length */
function keyOf(data, row, length) {
  return data.subarray(row * length, row * length + KEY).join(" ");
}

/**
 * The pictures that came as floats: a batch goes through encoders in chunks, and which row of the batch a picture became
 * is known by its features, which are the same numbers in both places.
 */
export function seenPictures() {
  /** @type {Map<string, Float32Array>} */
  const pictures = new Map();
  return {
    /** @param {readonly VisionEncoder[]} encoders @returns {readonly VisionEncoder[]} */
    watch: (encoders) =>
      encoders.map((encoder) => ({
        ...encoder,
        async encode(pixels, options) {
          const found = await encoder.encode(pixels, options);
          // Pictures of evaluation are bytes.
          if (pixels.dtype !== "float32") return found;
          const [count = 0, ...rest] = pixels.shape;
          const size = rest.reduce((a, b) => a * b, 1);
          const [hidden] = Object.values(found.hiddenStates ?? {});
          const rows = hidden ?? found.lastHiddenState ?? found.poolerOutput;
          if (rows === undefined) throw new Error("the encoder gives nothing to know rows by");
          const length = rows.data.length / count;
          for (let row = 0; row < count; row++) {
            const own = pixels.data.slice(row * size, (row + 1) * size);
            pictures.set(keyOf(rows.data, row, length), own);
          }
          return found;
        },
      })),
    /** The pictures of the rows of a batch, which are then forgotten. @param {Tensor} features */
    take({ shape, data }) {
      const [batch = 0] = shape;
      const found = Array.from({ length: batch }, (_, row) => {
        const pixels = pictures.get(keyOf(data, row, data.length / batch));
        if (pixels === undefined) throw new Error(`row ${row} came from no picture`);
        return pixels;
      });
      pictures.clear();
      return found;
    },
  };
}

/**
 * A runtime that shows what its held sessions are fed, before each run.
 *
 * @param {GraphRuntime} runtime
 * @param {{ wanted: (name: string) => boolean, onRun: (feeds: Readonly<Record<string, Tensor>>) => Promise<void> }} options
 * @returns {GraphRuntime}
 */
export function watchRuntime(runtime, { wanted, onRun }) {
  return {
    ...runtime,
    async createHolder(options) {
      const holder = await runtime.createHolder(options);
      return {
        ...holder,
        async load(model, loading) {
          const session = await holder.load(model, loading);
          return {
            ...session,
            async run(feeds, running) {
              // A batch is moved to the holder before the step; the state, which is held as well, is left there.
              const batch = Object.entries(feeds).filter(([name]) => wanted(name));
              const held = batch.filter(([, tensor]) => "held" in tensor);
              await onRun({
                .../** @type {Record<string, Tensor>} */ (Object.fromEntries(batch)),
                ...(await holder.read(
                  /** @type {Record<string, HeldTensor>} */ (Object.fromEntries(held)),
                )),
              });
              return session.run(feeds, running);
            },
          };
        },
      };
    },
  };
}
