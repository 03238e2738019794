// The colour of each of the 256 values that a label map can hold.

import { IGNORED_LABEL, type LabelMap } from "../augment/segmentation/label-map.ts";
import { EvalError } from "../errors.ts";
import { IGNORED_COLOUR, type Rgb } from "./class-colours.ts";

/**
 * `[256, 3]` bytes: the classes' colours, that of ignored pixels, black for what no label is.
 *
 * @throws EvalError `mismatch` for a label without a colour
 */
export function labelColours(label: LabelMap, colours: readonly Rgb[]): Uint8Array<ArrayBuffer> {
  const { data, width } = label;
  const at = data.findIndex((value) => value >= colours.length && value !== IGNORED_LABEL);
  if (at >= 0) {
    throw new EvalError(
      "mismatch",
      `label ${data[at]} at ${at % width},${Math.floor(at / width)}: there are colours for ${colours.length} classes`,
    );
  }
  const table = new Uint8Array(256 * 3);
  table.set(colours.flat());
  table.set(IGNORED_COLOUR, IGNORED_LABEL * 3);
  return table;
}
