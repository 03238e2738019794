// PNG pixels as Pillow 12.3 gives them after `convert("RGB")`, decoded here and not by the browser: canvases lose colours
// under alpha, no browser gives more than 8 bits, and some show broken files in part (decision 21). Deep colour keeps
// its high byte, deep gray is clipped to 255, shallow gray is scaled up; alpha and transparent colours are dropped.

import { brokenPicture } from "../../decode-contract.ts";
import type { RgbImage } from "../../image.ts";
import { inflate } from "./inflate.ts";
import type { ColorType, PngChunks, PngHeader } from "./png-header.ts";
import { unfilterRow } from "./unfilter.ts";

const SAMPLES: Readonly<Record<ColorType, number>> = {
  gray: 1,
  rgb: 3,
  palette: 1,
  "gray-alpha": 2,
  rgba: 4,
};

/** A picture of every `stepX`-th column and `stepY`-th row. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly stepX: number;
  readonly stepY: number;
}

/** Bytes out of one byte of deflate's at most: 258 out of two bits (RFC 1951, 3.2.5). */
const MAX_INFLATION = 1032;

const WHOLE: readonly Pass[] = [{ left: 0, top: 0, stepX: 1, stepY: 1 }];

// https://www.w3.org/TR/png-3/#8Interlace
const ADAM7: readonly Pass[] = [
  { left: 0, top: 0, stepX: 8, stepY: 8 },
  { left: 4, top: 0, stepX: 8, stepY: 8 },
  { left: 0, top: 4, stepX: 4, stepY: 8 },
  { left: 2, top: 0, stepX: 4, stepY: 4 },
  { left: 0, top: 2, stepX: 2, stepY: 4 },
  { left: 1, top: 0, stepX: 2, stepY: 2 },
  { left: 0, top: 1, stepX: 1, stepY: 2 },
];

/**
 * The pixels of a PNG whose chunks have been read.
 *
 * @throws PreprocessError `malformed` where pixels are missing or broken; the signal's reason when it is aborted.
 */
export async function decodePng(
  header: PngHeader,
  options: {
    readonly chunks: PngChunks;
    readonly subject: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<RgbImage> {
  const { chunks, subject, signal } = options;
  const picture = { format: "png", subject } as const;
  const { width, height } = header;
  if (header.colorType === "palette" && chunks.palette === undefined) {
    throw brokenPicture(picture, "it has no palette");
  }
  const passes = (header.interlaced ? ADAM7 : WHOLE)
    .map((pass) => ({ ...pass, ...extentOf(header, pass) }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  // Every row has the number of its filter before it.
  const length = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  // Checked before memory is taken for pixels that a header only claims to have.
  const compressed = chunks.data.reduce((sum, part) => sum + part.length, 0);
  if (length > compressed * MAX_INFLATION) {
    throw brokenPicture(picture, `its ${compressed} compressed bytes cannot hold ${length}`);
  }
  const bytes = await inflate(chunks.data, { length, signal });
  if (bytes.length < length) {
    throw brokenPicture(picture, `its pixels end at byte ${bytes.length} of ${length}`);
  }
  const data = new Uint8Array(width * height * 3);
  const step = Math.max(1, (SAMPLES[header.colorType] * header.bitDepth) >> 3);
  const write = rowWriter(header, chunks.palette);
  let at = 0;
  for (const { left, top, stepX, stepY, columns, rows, rowBytes } of passes) {
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++) {
      const filter = bytes[at]!;
      const line = bytes.subarray(at + 1, at + 1 + rowBytes);
      if (!unfilterRow(line, { filter, above, step })) {
        throw brokenPicture(picture, `a row has filter ${filter}, which does not exist`);
      }
      const start = ((top + row * stepY) * width + left) * 3;
      write(line, { target: data, start, columns, targetStep: stepX * 3 });
      above = line;
      at += 1 + rowBytes;
    }
  }
  return { width, height, data };
}

function extentOf(
  header: PngHeader,
  pass: Pass,
): { readonly columns: number; readonly rows: number; readonly rowBytes: number } {
  const { width, height, colorType, bitDepth } = header;
  const columns = Math.ceil((width - pass.left) / pass.stepX);
  const rows = Math.ceil((height - pass.top) / pass.stepY);
  return { columns, rows, rowBytes: Math.ceil((columns * SAMPLES[colorType] * bitDepth) / 8) };
}

interface RowTarget {
  readonly target: Uint8Array;
  /** Of the first pixel. */
  readonly start: number;
  readonly columns: number;
  /** Bytes from one pixel to the next. */
  readonly targetStep: number;
}

type RowWriter = (line: Uint8Array, options: RowTarget) => void;

function rowWriter(header: PngHeader, palette: Uint8Array | undefined): RowWriter {
  const { colorType, bitDepth } = header;
  const samples = SAMPLES[colorType];
  if (samples === 1 && bitDepth === 16) return writeDeepGray;
  if (samples === 1) return levelWriter(bitDepth, palette ?? grayLevels(bitDepth));
  const sampleBytes = bitDepth >> 3;
  return (line, { target, start, columns, targetStep }) => {
    const pixelBytes = samples * sampleBytes;
    // The high byte comes first. Gray is its own green and blue.
    const [green, blue] = samples === 2 ? [0, 0] : [sampleBytes, 2 * sampleBytes];
    let o = start;
    for (let i = 0; i < columns * pixelBytes; i += pixelBytes, o += targetStep) {
      target[o] = line[i]!;
      target[o + 1] = line[i + green]!;
      target[o + 2] = line[i + blue]!;
    }
  };
}

function writeDeepGray(line: Uint8Array, options: RowTarget): void {
  const { target, start, columns, targetStep } = options;
  for (let i = 0, o = start; i < columns * 2; i += 2, o += targetStep) {
    target.fill(line[i] === 0 ? line[i + 1]! : 255, o, o + 3);
  }
}

function grayLevels(bitDepth: number): Uint8Array {
  const count = 1 << bitDepth;
  return Uint8Array.from({ length: count * 3 }, (_, i) => (Math.floor(i / 3) * 255) / (count - 1));
}

/** Samples of up to 8 bits, the first in the highest bits of a byte, by their entry; black past the last. */
function levelWriter(bitDepth: number, entries: Uint8Array): RowWriter {
  const colors = new Uint8Array(256 * 3);
  colors.set(entries.subarray(0, colors.length));
  const mask = (1 << bitDepth) - 1;
  return (line, { target, start, columns, targetStep }) => {
    let o = start;
    for (let column = 0, bit = 0; column < columns; column++, bit += bitDepth, o += targetStep) {
      const level = (line[bit >> 3]! >> (8 - bitDepth - (bit & 7))) & mask;
      target[o] = colors[level * 3]!;
      target[o + 1] = colors[level * 3 + 1]!;
      target[o + 2] = colors[level * 3 + 2]!;
    }
  };
}
