// @ts-check
// What a run of @internvit/eval feeds its encoder and its head, written to files for a peer: for each step the pixels
// (or features) in the order of the batch, and the targets (or labels). A batch goes through the encoder in chunks; which
// row of the batch a picture became is known by its features, which are the same numbers in both places.

import { createWriteStream } from "node:fs";
import { join } from "node:path";

/** @typedef {import("@internvit/model-core").VisionEncoder} VisionEncoder */
/** @typedef {import("@internvit/model-core").GraphRuntime} GraphRuntime */
/** @typedef {import("@internvit/model-core").HeldTensor} HeldTensor */
/** @typedef {import("@internvit/model-core").Tensor} Tensor */

/** Floats by which a row is known. */
const KEY = 16;

/** @param {import("@internvit/model-core").Tensor["data"]} data @param {number} row @param {number} length */
function keyOf(data, row, length) {
  return data.subarray(row * length, row * length + KEY).join(" ");
}

/** Inputs of a step that are recorded. */
const RECORDED = new Set(["features", "tokens", "labels", "targets"]);

/**
 * Encoders and a runtime that record into a folder.
 *
 * @param {{ encoders: readonly VisionEncoder[], runtime: GraphRuntime }} parts
 * @param {string} folder
 */
export function recordRun({ encoders, runtime }, folder) {
  /** @type {Map<string, Float32Array>} */
  const pictures = new Map();
  const inputs = createWriteStream(join(folder, "inputs.bin"));
  /** @type {import("node:fs").WriteStream | undefined} */
  let answers;
  let steps = 0;

  /** @param {Readonly<Record<string, object>>} feeds */
  async function record(feeds) {
    const { features, tokens, labels, targets } = /** @type {Record<string, Tensor>} */ (feeds);
    const answer = targets ?? labels;
    const input = tokens ?? features;
    // Evaluations have no answers.
    if (answer === undefined || input === undefined) return;
    const [batch = 0, ...rest] = input.shape;
    const length = rest.reduce((a, b) => a * b, 1);
    answers ??= createWriteStream(
      join(folder, targets === undefined ? "labels.bin" : "targets.bin"),
    );
    await write(answers, answer.data);
    steps++;
    if (targets === undefined) return write(inputs, input.data);
    for (let row = 0; row < batch; row++) {
      const pixels = pictures.get(keyOf(input.data, row, length));
      if (pixels === undefined) throw new Error(`step ${steps}: row ${row} came from no picture`);
      await write(inputs, pixels);
    }
    pictures.clear();
  }

  return {
    /** @type {readonly VisionEncoder[]} */
    encoders: encoders.map((encoder) => ({
      ...encoder,
      async encode(pixels, options) {
        const found = await encoder.encode(pixels, options);
        // Pictures of evaluation are bytes.
        if (pixels.dtype !== "float32") return found;
        const [count = 0, ...rest] = pixels.shape;
        const size = rest.reduce((a, b) => a * b, 1);
        const rows = found.lastHiddenState ?? found.poolerOutput;
        if (rows === undefined) throw new Error("the encoder gives neither tokens nor class token");
        const length = rows.data.length / count;
        for (let row = 0; row < count; row++) {
          const own = pixels.data.slice(row * size, (row + 1) * size);
          pictures.set(keyOf(rows.data, row, length), own);
        }
        return found;
      },
    })),
    /** @type {GraphRuntime} */
    runtime: {
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
                const batch = Object.entries(feeds).filter(([name]) => RECORDED.has(name));
                const held = batch.filter(([, tensor]) => "held" in tensor);
                await record({
                  ...Object.fromEntries(batch),
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
    },
    /** Ends the files; returns the number of steps. */
    async finish() {
      await Promise.all(
        [inputs, answers].map(
          (stream) => stream && new Promise((resolve) => stream.end(() => resolve(undefined))),
        ),
      );
      return steps;
    },
  };
}

/** @param {import("node:fs").WriteStream} stream @param {Tensor["data"]} data */
function write(stream, data) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return new Promise((resolve, reject) => {
    // A copy: the session may take the memory.
    stream.write(Buffer.from(bytes), (error) => (error ? reject(error) : resolve(undefined)));
  });
}
