// Weights in blocks of 8 or 4 bits, in the layout of com.microsoft.MatMulNBits (ONNX Runtime's ContribOperators.md):
// each row of [outputs, inputs] is cut into blocks along the inputs, every block has a scale, and with 4 bits a zero
// point. A weight is `(q − zeroPoint) · scale`. 8 bits are symmetric about 128; 4 bits are not, since half of a range
// that small would often be unused. Scales are float32, quotients float64 rounded half up.

/** Bits of a quantised weight. */
export type WeightBits = 4 | 8;

/** Shape of a weight and of its blocks. */
export interface BlockwiseOptions {
  readonly outputs: number;
  readonly inputs: number;
  readonly bits: WeightBits;
  /** Weights per block: 16, 32, 64, 128 or 256. */
  readonly blockSize: number;
}

/** A quantised weight; b = ceil(inputs / blockSize) blocks per row. */
export interface BlockwiseWeight {
  /** [outputs, b, blockSize · bits / 8]; with 4 bits the first weight of a pair is in the low half. */
  readonly values: Uint8Array<ArrayBuffer>;
  /** [outputs, b]. */
  readonly scales: Float32Array<ArrayBuffer>;
  /** [outputs, ceil(b / 2)], two zero points per byte; undefined with 8 bits, where it is 128 throughout. */
  readonly zeroPoints: Uint8Array<ArrayBuffer> | undefined;
}

/** Blocks of a row. */
export function blocksPerRow({
  inputs,
  blockSize,
}: Pick<BlockwiseOptions, "inputs" | "blockSize">): number {
  return Math.ceil(inputs / blockSize);
}

/** Quantises `weights` [outputs, inputs], row-major; what is missing of the last block of a row is weights of 0. */
export function quantizeBlockwise(
  weights: Float32Array,
  options: BlockwiseOptions,
): BlockwiseWeight {
  const { outputs, inputs, bits, blockSize } = options;
  const blocks = blocksPerRow(options);
  const blockBytes = (blockSize * bits) / 8;
  const values = new Uint8Array(outputs * blocks * blockBytes);
  const scales = new Float32Array(outputs * blocks);
  const zeroBytes = Math.ceil(blocks / 2);
  const zeroPoints = bits === 4 ? new Uint8Array(outputs * zeroBytes) : undefined;
  for (let row = 0; row < outputs; row++) {
    for (let block = 0; block < blocks; block++) {
      const at = row * blocks + block;
      const start = row * inputs + block * blockSize;
      const end = Math.min(start + blockSize, (row + 1) * inputs);
      if (zeroPoints === undefined) {
        scales[at] = quantizeBlock8(weights, {
          start,
          end,
          values,
          to: at * blockBytes,
          blockBytes,
        });
      } else {
        const { scale, zero } = quantizeBlock4(weights, {
          start,
          end,
          values,
          to: at * blockBytes,
          blockBytes,
        });
        scales[at] = scale;
        zeroPoints[row * zeroBytes + (block >> 1)]! |= zero << ((block & 1) * 4);
      }
    }
  }
  return { values, scales, zeroPoints };
}

interface Block {
  /** The weights of the block. */
  readonly start: number;
  readonly end: number;
  /** Where its bytes go. */
  readonly values: Uint8Array;
  readonly to: number;
  readonly blockBytes: number;
}

function quantizeBlock8(weights: Float32Array, block: Block): number {
  const { start, end, values, to, blockBytes } = block;
  let largest = 0;
  for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(weights[i]!));
  const scale = Math.fround(largest / 127);
  const factor = scale === 0 ? 0 : 1 / scale;
  values.fill(128, to, to + blockBytes);
  // Uint8Array would wrap: rounding of the scale may carry the largest weight to 127.5.
  for (let i = start; i < end; i++) {
    values[to + i - start] = Math.min(Math.round(weights[i]! * factor) + 128, 255);
  }
  return scale;
}

function quantizeBlock4(
  weights: Float32Array,
  block: Block,
): { readonly scale: number; readonly zero: number } {
  const { start, end, values, to, blockBytes } = block;
  // 0 is in the range, so that the zero point is one of the 16 values and a weight of 0 stays 0.
  let low = 0;
  let high = 0;
  for (let i = start; i < end; i++) {
    low = Math.min(low, weights[i]!);
    high = Math.max(high, weights[i]!);
  }
  const scale = Math.fround((high - low) / 15);
  const factor = scale === 0 ? 0 : 1 / scale;
  const zero = scale === 0 ? 8 : Math.min(Math.round(-low * factor), 15);
  values.fill(zero | (zero << 4), to, to + blockBytes);
  for (let i = start; i < end; i++) {
    const q = Math.min(Math.max(Math.round(weights[i]! * factor) + zero, 0), 15);
    const byte = to + ((i - start) >> 1);
    values[byte] =
      ((i - start) & 1) === 0 ? (values[byte]! & 0xf0) | q : (values[byte]! & 15) | (q << 4);
  }
  return { scale, zero };
}
