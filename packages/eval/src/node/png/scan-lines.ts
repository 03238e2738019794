// From a PNG's scan lines to values of pixels: each line's filter undone, bits unpacked, and where the picture is
// interlaced (Adam7) every pixel put in its place. Arithmetic is modulo 256, in place.
//
// Reference: PNG Specification (Third Edition), sections 8 (interlacing), 9 (filtering) and 7.2 (scan lines).

/** Throws for what was found instead of a PNG of labels. */
export type Refuse = (found: string, cause?: unknown) => never;

/** Pixels of a pass: every `columnStep`th of a row from `column` on, in every `rowStep`th row from `row` on. */
export interface Pass {
  readonly column: number;
  readonly row: number;
  readonly columnStep: number;
  readonly rowStep: number;
}

/** The one pass of a picture that is not interlaced. */
export const WHOLE: Pass = { column: 0, row: 0, columnStep: 1, rowStep: 1 };

/** The seven passes of Adam7. */
export const PASSES: readonly Pass[] = [
  { column: 0, row: 0, columnStep: 8, rowStep: 8 },
  { column: 4, row: 0, columnStep: 8, rowStep: 8 },
  { column: 0, row: 4, columnStep: 4, rowStep: 8 },
  { column: 2, row: 0, columnStep: 4, rowStep: 4 },
  { column: 0, row: 2, columnStep: 2, rowStep: 4 },
  { column: 1, row: 0, columnStep: 2, rowStep: 2 },
  { column: 0, row: 1, columnStep: 1, rowStep: 2 },
];

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Size of a pass of a picture of this size; small pictures have passes without pixels. */
export function passSize({ width, height }: Size, pass: Pass): Size {
  return {
    width: Math.ceil((width - pass.column) / pass.columnStep),
    height: Math.ceil((height - pass.row) / pass.rowStep),
  };
}

/** Writes the values of a pass into the picture's; `lines` is changed. */
export function unfilterPass(
  lines: Uint8Array,
  options: Size & {
    readonly pass: Pass;
    readonly bitDepth: number;
    /** `[height, width]` */
    readonly values: Uint8Array | Uint16Array;
    readonly refuse: Refuse;
  },
): void {
  const { pass, width, bitDepth, values, refuse } = options;
  const size = passSize(options, pass);
  const stride = Math.ceil((size.width * bitDepth) / 8);
  // Filters look back one whole pixel, at least a byte.
  const back = bitDepth === 16 ? 2 : 1;
  let above = new Uint8Array(stride);
  for (let y = 0; y < size.height; y++) {
    const start = y * (stride + 1);
    const line = lines.subarray(start + 1, start + 1 + stride);
    const filter = lines[start]!;
    if (filter > 4) refuse(`a line with filter ${filter}, of 0 to 4`);
    unfilter(line, { filter, above, back });
    const first = (pass.row + y * pass.rowStep) * width + pass.column;
    unpack(line, { values, first, step: pass.columnStep, count: size.width, bitDepth });
    above = line as Uint8Array<ArrayBuffer>;
  }
}

function unfilter(
  line: Uint8Array,
  {
    filter,
    above,
    back,
  }: { readonly filter: number; readonly above: Uint8Array; readonly back: number },
): void {
  switch (filter) {
    case 1:
      for (let i = back; i < line.length; i++) line[i]! += line[i - back]!;
      break;
    case 2:
      for (let i = 0; i < line.length; i++) line[i]! += above[i]!;
      break;
    case 3:
      for (let i = 0; i < line.length; i++) {
        const left = i < back ? 0 : line[i - back]!;
        line[i]! += (left + above[i]!) >> 1;
      }
      break;
    case 4:
      for (let i = 0; i < line.length; i++) {
        const left = i < back ? 0 : line[i - back]!;
        const corner = i < back ? 0 : above[i - back]!;
        line[i]! += paeth(left, above[i]!, corner);
      }
      break;
  }
}

/** Whichever of the three is nearest to left + above - corner; of equally near ones the first. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** The values in a line, high bits first, put at every `step`th place from `first` on. */
function unpack(
  line: Uint8Array,
  to: {
    readonly values: Uint8Array | Uint16Array;
    readonly first: number;
    readonly step: number;
    readonly count: number;
    readonly bitDepth: number;
  },
): void {
  const { values, first, step, count, bitDepth } = to;
  if (bitDepth === 16) {
    for (let i = 0; i < count; i++) {
      values[first + i * step] = (line[2 * i]! << 8) | line[2 * i + 1]!;
    }
  } else if (bitDepth === 8) {
    if (step === 1) values.set(line, first);
    else for (let i = 0; i < count; i++) values[first + i * step] = line[i]!;
  } else {
    const mask = (1 << bitDepth) - 1;
    for (let i = 0; i < count; i++) {
      const bit = i * bitDepth;
      values[first + i * step] = (line[bit >> 3]! >> (8 - bitDepth - (bit & 7))) & mask;
    }
  }
}
