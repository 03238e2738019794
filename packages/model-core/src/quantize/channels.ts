// Outlier channels, from the weights alone. A norm's output has one range for all channels when it is quantised, so a
// channel that is 50 times larger than the others leaves them 2 of 8 bits. What a channel c of a norm's output adds to
// the map after it is the product of three: its size in the normalised residual stream (r_c), the norm's weight
// (γ_c), and its column of the map. Everything but r_c is in the checkpoint, and r_c can be told from what writes to
// the stream: patch embedding, position embedding, and the rows of every projection and second MLP map times their
// layer scales. With that
//
// - γ_c moves from the norm into the columns (and the norm's bias into the map's), exactly;
// - the channel is divided by s_c and its column multiplied by it, so that both are equally far from their
//   neighbours (Xiao et al., SmoothQuant, ICML 2023, equation 4 with α = ½, without calibration pictures);
// - a channel that still stands out is read by several columns, each with its share of the product (Zhao et al.,
//   Outlier Channel Splitting, ICML 2019).
//
// All three leave the product what it was. Sums are float64.

import type { EncoderWeights, LayerWeights, WeightSlice } from "../checkpoint/encoder-tensors.ts";
import type { ReadWeights } from "./derived-file.ts";

/** What happens to the channels between a norm and the maps that read it. C channels. */
export interface ChannelPlan {
  /** [C]: takes the place of the norm's weight. */
  readonly normWeight: Float32Array<ArrayBuffer>;
  /** [C]: factor of each column of the maps. */
  readonly columnScale: Float32Array<ArrayBuffer>;
  /** Channels that are read again, once per entry. */
  readonly spread: readonly number[];
}

/** The two norms of a layer. */
export interface LayerChannels {
  readonly attention: ChannelPlan;
  readonly mlp: ChannelPlan;
}

/** A channel may stand out of the median by this factor before it is spread, on the side of the inputs and of the weights. */
const SPREAD_ABOVE = 2;
/** At most this share of all columns is added: they cost time. */
const MAX_SPREAD = 1 / 8;

/**
 * The plans of all layers. Reads every weight once, a tensor at a time.
 *
 * `spreads`: for which layers channels may be spread.
 */
export async function measureChannels(
  weights: EncoderWeights,
  options: { readonly read: ReadWeights; readonly spreads: (layer: number) => boolean },
): Promise<readonly LayerChannels[]> {
  const { read, spreads } = options;
  const squares = await embeddingSquares(weights, read);
  const plans: LayerChannels[] = [];
  for (const [index, layer] of weights.layers.entries()) {
    const plan = async (norm: WeightSlice, maps: readonly WeightSlice[]): Promise<ChannelPlan> =>
      planChannels({
        residual: squares,
        norm: await read(norm),
        largest: await largestOfColumns(maps, read),
        spread: spreads(index),
      });
    const attention = await plan(layer.norm1.weight, [
      layer.query.weight,
      layer.key.weight,
      layer.value.weight,
    ]);
    await addBranch(squares, { map: layer.projection, scale: layer.layerScale1, read });
    const mlp = await plan(layer.norm2.weight, [layer.fc1.weight]);
    await addBranch(squares, { map: layer.fc2, scale: layer.layerScale2, read });
    plans.push({ attention, mlp });
  }
  return plans;
}

/** Mean squares of the channels that go into the first layer, for inputs of size 1. */
async function embeddingSquares(
  { patchEmbedding, positionEmbedding }: EncoderWeights,
  read: ReadWeights,
): Promise<Float64Array> {
  const rows = await read(patchEmbedding.weight);
  const bias = patchEmbedding.bias === undefined ? undefined : await read(patchEmbedding.bias);
  const positions = await read(positionEmbedding);
  const channels = patchEmbedding.weight.shape[0] ?? 0;
  const squares = squaresOfRows(rows, channels);
  const tokens = positions.length / channels;
  for (let i = 0; i < positions.length; i++) squares[i % channels]! += positions[i]! ** 2 / tokens;
  for (let c = 0; c < channels; c++) squares[c]! += (bias?.[c] ?? 0) ** 2;
  return squares;
}

async function addBranch(
  squares: Float64Array,
  {
    map,
    scale,
    read,
  }: {
    readonly map: LayerWeights["projection"];
    readonly scale: WeightSlice;
    readonly read: ReadWeights;
  },
): Promise<void> {
  const rows = squaresOfRows(await read(map.weight), squares.length);
  const bias = map.bias === undefined ? undefined : await read(map.bias);
  const scales = await read(scale);
  for (let c = 0; c < squares.length; c++) {
    squares[c]! += scales[c]! ** 2 * (rows[c]! + (bias?.[c] ?? 0) ** 2);
  }
}

function squaresOfRows(weights: Float32Array, rows: number): Float64Array {
  const columns = weights.length / rows;
  const squares = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) sum += weights[i]! ** 2;
    squares[row] = sum;
  }
  return squares;
}

async function largestOfColumns(
  maps: readonly WeightSlice[],
  read: ReadWeights,
): Promise<Float64Array> {
  const columns = maps[0]?.shape[1] ?? 0;
  const largest = new Float64Array(columns);
  for (const map of maps) {
    const weights = await read(map);
    for (let start = 0; start < weights.length; start += columns) {
      for (let c = 0; c < columns; c++) {
        const size = Math.abs(weights[start + c]!);
        if (size > largest[c]!) largest[c] = size;
      }
    }
  }
  return largest;
}

/** One norm's plan. A channel that is 0 throughout stays as it is. */
export function planChannels(sizes: {
  /** Mean squares of the residual stream. */
  readonly residual: Float64Array;
  readonly norm: Float32Array;
  /** Largest weight of each column, without the norm. */
  readonly largest: Float64Array;
  readonly spread: boolean;
}): ChannelPlan {
  const { residual, norm, largest, spread } = sizes;
  const channels = norm.length;
  const inputs = Float64Array.from(residual, (square) => Math.sqrt(square));
  const columns = Float64Array.from(largest, (size, c) => size * Math.abs(norm[c]!));
  const shares = inputs.map((size, c) => size * columns[c]!);
  const copies = spread ? countCopies(shares) : shares.map(() => 1);
  const normWeight = new Float32Array(channels);
  const columnScale = new Float32Array(channels);
  const again: number[] = [];
  for (let c = 0; c < channels; c++) {
    const balance = shares[c]! > 0 ? Math.sqrt(inputs[c]! / columns[c]!) : 1;
    const split = Math.sqrt(copies[c]!);
    normWeight[c] = 1 / (balance * split);
    // From the rounded number, so that the two undo each other.
    columnScale[c] = norm[c]! / (normWeight[c]! * copies[c]!);
    for (let copy = 1; copy < copies[c]!; copy++) again.push(c);
  }
  return { normWeight, columnScale, spread: again };
}

function countCopies(shares: Float64Array): Float64Array {
  const median = shares.toSorted()[shares.length >> 1]!;
  const limit = Math.floor(shares.length * MAX_SPREAD);
  if (median === 0) return shares.map(() => 1);
  // Above the limit, less is spread rather than nothing.
  for (let above = SPREAD_ABOVE; ; above *= 1.25) {
    const copies = shares.map((share) => Math.max(1, Math.ceil(share / median / above ** 2)));
    if (copies.reduce((sum, count) => sum + count - 1, 0) <= limit) return copies;
  }
}
