// Pictures with a known answer: a bright square in one of four corners, whose corner is the class. A picture's bytes say
// where the square is; `decodeSquare` draws it.

import type { ClassificationSet } from "@internvit/eval";
import { createRandom } from "@internvit/model-core";
import { PreprocessError, type RgbImage } from "@internvit/preprocess";

const CLASSES = ["top-left", "top-right", "bottom-left", "bottom-right"];
/** Pixels per edge of a picture. */
const SIZE = 48;
const SQUARE = 16;

/** Options of `squareSet`. */
export interface SquareSetOptions {
  readonly name: string;
  readonly length: number;
  readonly seed: number;
  /** Labels that have nothing to do with the pictures. Default false. */
  readonly shuffledLabels?: boolean;
  /** Pictures that cannot be decoded. */
  readonly broken?: readonly number[];
  /** Called with every picture that is read. */
  readonly onRead?: (index: number) => void;
}

async function dispose(): Promise<void> {}

/** The set, in memory. */
export function squareSet(options: SquareSetOptions): ClassificationSet {
  const { name, length, seed, shuffledLabels = false, broken = [], onRead } = options;
  const pictures = Array.from({ length }, (_, index) => {
    const random = createRandom(seed, [index]);
    const corner = random.integer(0, 3);
    const label = shuffledLabels ? random.integer(0, 3) : index < 4 ? index : corner;
    const place = shuffledLabels ? corner : label;
    const jitter = [random.integer(0, 6), random.integer(0, 6), random.integer(0, 30)];
    const labels = [shuffledLabels && index < 4 ? index : label];
    return { picture: { index, key: `${name}/${index}`, labels }, bytes: [place, ...jitter] };
  });
  return {
    name,
    origin: "memory",
    classes: CLASSES,
    length,
    listHash: String(seed).padStart(64, "0"),
    picture: async (index) => pictures[index]!.picture,
    async read(index) {
      onRead?.(index);
      return Uint8Array.from(broken.includes(index) ? [] : pictures[index]!.bytes);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Draws the picture that the bytes describe. */
export async function decodeSquare(bytes: Uint8Array): Promise<RgbImage> {
  const [corner, right = 0, down = 0, dark = 0] = bytes;
  if (corner === undefined) throw new PreprocessError("malformed", "no picture");
  const data = new Uint8Array(SIZE * SIZE * 3).fill(dark);
  const left = (corner % 2) * (SIZE / 2) + right;
  const top = Math.floor(corner / 2) * (SIZE / 2) + down;
  for (let y = top; y < top + SQUARE; y++) {
    data.fill(230, (y * SIZE + left) * 3, (y * SIZE + left + SQUARE) * 3);
  }
  return { width: SIZE, height: SIZE, data };
}
