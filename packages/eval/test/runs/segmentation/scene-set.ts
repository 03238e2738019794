// Pictures with a known answer at every pixel: bright and dark rectangles on grey. A picture's bytes say where they are;
// `decodeScene` draws it, and labels are what it draws.

import { EvalError, type LabelMap, type SegmentationSet } from "@internvit/eval";
import { createRandom } from "@internvit/model-core";
import { PreprocessError, type RgbImage } from "@internvit/preprocess";

const CLASSES = ["ground", "bright", "dark"];
const SHADES = [120, 240, 20];

/** Options of `sceneSet`. */
export interface SceneSetOptions {
  readonly name: string;
  readonly length: number;
  readonly seed: number;
  /** Pictures that cannot be decoded. */
  readonly broken?: readonly number[];
  /** Pictures whose labels cannot be read. */
  readonly brokenLabels?: readonly number[];
  /** Pictures whose labels are of another size. */
  readonly otherSize?: readonly number[];
  /** Pictures without a pixel that belongs to a class. */
  readonly ignored?: readonly number[];
  readonly classes?: readonly string[];
}

async function dispose(): Promise<void> {}

/** The set, in memory. */
export function sceneSet(options: SceneSetOptions): SegmentationSet {
  const { name, length, seed, broken = [], brokenLabels = [], otherSize = [] } = options;
  const { ignored = [], classes = CLASSES } = options;
  const key = (index: number): string => `${name}/${index}`;
  const scene = (index: number): Uint8Array<ArrayBuffer> => {
    const random = createRandom(seed, [index]);
    // Width, height, then left and top of both rectangles.
    const size = [random.integer(56, 84), random.integer(56, 84)];
    return Uint8Array.from([...size, ...Array.from({ length: 4 }, () => random.integer(0, 28))]);
  };
  return {
    name,
    origin: "memory",
    classes,
    length,
    listHash: String(seed).padStart(64, "0"),
    picture: async (index) => ({ index, key: key(index) }),
    read: async (index) => (broken.includes(index) ? new Uint8Array() : scene(index)),
    async readLabel(index) {
      const subject = key(index);
      if (brokenLabels.includes(index)) {
        throw new EvalError("invalid-data", `${subject}.png: not a PNG`, { subject });
      }
      const label = labelsOf(scene(index));
      if (ignored.includes(index)) label.data.fill(255);
      return otherSize.includes(index)
        ? { width: label.width, height: 1, data: label.data.slice(0, label.width) }
        : label;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Draws the picture that the bytes describe. */
export async function decodeScene(
  bytes: Uint8Array,
  { subject }: { readonly subject: string },
): Promise<RgbImage> {
  if (bytes.length === 0) throw new PreprocessError("malformed", `${subject}: no picture`);
  const { width, height, data } = labelsOf(bytes);
  const pixels = Uint8Array.from({ length: data.length * 3 }, (_, at) =>
    Number(SHADES[data[Math.floor(at / 3)]!]),
  );
  return { width, height, data: pixels };
}

function labelsOf([width = 0, height = 0, ...places]: Iterable<number> & Uint8Array): LabelMap {
  const data = new Uint8Array(width * height);
  for (const [at, label] of [1, 2].entries()) {
    const [left = 0, top = 0] = places.slice(2 * at);
    for (let y = top; y < top + 28; y++) {
      data.fill(label, y * width + left, y * width + left + 28);
    }
  }
  return { width, height, data };
}
