// The smallest encoder and head there is: the logits of a patch are sums of its mean colour, by fixed weights.

import type { WindowLogits } from "@internvit/eval";
import type { Tensor } from "@internvit/model-core";

export interface PatchLogitsOptions {
  readonly classes: number;
  readonly patchSize: number;
  readonly batch?: number;
  /** Is told the shape of every call. */
  readonly onRun?: (shape: readonly number[]) => void;
}

export function patchLogits(options: PatchLogitsOptions): WindowLogits {
  const { classes, patchSize, batch = 2, onRun } = options;
  return {
    classes,
    patchSize,
    batch,
    async run({ shape, data }): Promise<Tensor<"float32">> {
      onRun?.(shape);
      const [pictures = 0, height = 0, width = 0] = shape;
      const [rows, columns] = [height / patchSize, width / patchSize];
      const logits = new Float32Array(pictures * classes * rows * columns);
      for (let at = 0; at < data.length; at++) {
        const [channel, pixel] = [at % 3, Math.floor(at / 3)];
        const [x, y] = [pixel % width, Math.floor(pixel / width) % height];
        const picture = Math.floor(pixel / width / height);
        const [row, column] = [Math.floor(y / patchSize), Math.floor(x / patchSize)];
        for (let label = 0; label < classes; label++) {
          const out = ((picture * classes + label) * rows + row) * columns + column;
          logits[out]! += (data[at]! * Math.sin(1 + label * 3 + channel)) / 10 / patchSize ** 2;
        }
      }
      return { dtype: "float32", shape: [pictures, classes, rows, columns], data: logits };
    },
  };
}
