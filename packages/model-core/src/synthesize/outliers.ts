// Outlier channels for random weights, in the manner of trained vision transformers, whose residual stream and norm
// weights have a few channels that are tens of times larger than the others. Random weights have none, and the errors
// of a quantised model depend on little else.
//
// A network with such weights must still be one that can be computed: with norm weights 50 times larger and nothing
// else changed, the attention of random weights picks single tokens, and even bfloat16 has a cosine of 0.95 to
// float32 at the worst token (docs/decisions/0013). So the columns that read such a channel are as much smaller. The
// residual channels are larger in everything that goes into the first layer; the layers add to them what they always do.

import { createRandom } from "../random/random.ts";

/** By how much outlier channels are larger. */
export const OUTLIER_FACTOR = 50;

/** One residual and one norm channel in this many is an outlier. */
const CHANNELS_PER_OUTLIER = 256;

/** Which channels are outliers; no channel is both. */
export interface OutlierChannels {
  readonly residual: readonly number[];
  readonly norm: readonly number[];
}

/** The outliers of an encoder of this width; at least one of each kind. */
export function chooseOutliers(seed: number, hiddenSize: number): OutlierChannels {
  const count = Math.max(1, Math.round(hiddenSize / CHANNELS_PER_OUTLIER));
  const random = createRandom(seed, [0x6f75746c]);
  const chosen = new Set<number>();
  while (chosen.size < 2 * count) chosen.add(random.integer(0, hiddenSize - 1));
  const channels = [...chosen];
  return { residual: channels.slice(0, count), norm: channels.slice(count) };
}

/** Makes the outliers of a tensor of the stand-alone naming, whose elements from `first` on are in `values`. */
export function applyOutliers(
  values: Float32Array,
  outliers: OutlierChannels,
  tensor: { readonly name: string; readonly shape: readonly number[]; readonly first: number },
): void {
  const change = changeOf(tensor.name, outliers);
  if (change === undefined) return;
  const { channels, axis, factor } = change;
  const { shape, first } = tensor;
  const size = (axis === "first" ? shape[0] : shape.at(-1)) ?? 1;
  const run = axis === "first" ? shape.slice(1).reduce((product, side) => product * side, 1) : 1;
  const factors = new Float64Array(size).fill(1);
  for (const channel of channels) factors[channel] = factor;
  for (let i = 0; i < values.length; i++) {
    values[i]! *= factors[Math.floor((first + i) / run) % size]!;
  }
}

function changeOf(
  name: string,
  { residual, norm }: OutlierChannels,
):
  | {
      readonly channels: readonly number[];
      readonly axis: "first" | "last";
      readonly factor: number;
    }
  | undefined {
  if (/^embeddings\.(class|position)_embedding$/.test(name)) {
    return { channels: residual, axis: "last", factor: OUTLIER_FACTOR };
  }
  if (/^embeddings\.patch_embedding\.(weight|bias)$/.test(name)) {
    return { channels: residual, axis: "first", factor: OUTLIER_FACTOR };
  }
  if (/\.norm[12]\.weight$/.test(name)) {
    return { channels: norm, axis: "first", factor: OUTLIER_FACTOR };
  }
  if (/\.(attn\.qkv|mlp\.fc1)\.weight$/.test(name)) {
    return { channels: norm, axis: "last", factor: 1 / OUTLIER_FACTOR };
  }
  return undefined;
}
