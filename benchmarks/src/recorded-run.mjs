// @ts-check
// What a classification run of @internvit/eval feeds its encoder and its head, written to files for a peer: for each step
// the pixels (or features) in the order of the batch, and the targets (or labels).

import { createWriteStream } from "node:fs";
import { join } from "node:path";

import { seenPictures, watchRuntime } from "./recording.mjs";

/** @typedef {import("@internvit/model-core").Tensor} Tensor */

/** Inputs of a step that are recorded. */
const RECORDED = new Set(["features", "tokens", "labels", "targets"]);

/**
 * Encoders and a runtime that record into a folder.
 *
 * @param {{ encoders: readonly import("@internvit/model-core").VisionEncoder[], runtime: import("@internvit/model-core").GraphRuntime }} parts
 * @param {string} folder
 */
export function recordRun({ encoders, runtime }, folder) {
  const pictures = seenPictures();
  const inputs = createWriteStream(join(folder, "inputs.bin"));
  /** @type {import("node:fs").WriteStream | undefined} */
  let answers;
  let steps = 0;

  /** @param {Readonly<Record<string, Tensor>>} feeds */
  async function record({ features, tokens, labels, targets }) {
    const answer = targets ?? labels;
    const input = tokens ?? features;
    // Evaluations have no answers.
    if (answer === undefined || input === undefined) return;
    answers ??= createWriteStream(
      join(folder, targets === undefined ? "labels.bin" : "targets.bin"),
    );
    await write(answers, answer.data);
    // Labels are [batch], or [updates of a run, batch], one behind the other.
    steps += targets === undefined && answer.shape.length === 2 ? (answer.shape[0] ?? 1) : 1;
    if (targets === undefined) return write(inputs, input.data);
    for (const pixels of pictures.take(input)) await write(inputs, pixels);
  }

  return {
    encoders: pictures.watch(encoders),
    runtime: watchRuntime(runtime, { wanted: (name) => RECORDED.has(name), onRun: record }),
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

/** @param {import("node:fs").WriteStream} stream @param {Tensor["data"]} data @returns {Promise<void>} */
function write(stream, data) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return new Promise((resolve, reject) => {
    // A copy: the session may take the memory.
    stream.write(Buffer.from(bytes), (error) => (error ? reject(error) : resolve()));
  });
}
