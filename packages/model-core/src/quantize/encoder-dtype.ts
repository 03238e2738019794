// The number formats that an encoder can run in. Which operator each becomes is in choose-forms.ts.

/**
 * How the linear maps of an encoder are stored and multiplied; everything else stays in float32:
 * - `f32`: as the checkpoint has them, in float32;
 * - `f16`: weights and matrix products in float16, for GPUs; on a CPU it is correct but no faster;
 * - `q8`: 8-bit integers, with outlier channels taken care of: close to float32 at every token;
 * - `q8-dynamic`: 8-bit integers, one scale per output and one per run for the inputs: the fastest on a CPU, and
 *   unsuited to weights with outlier channels;
 * - `q4`: 4-bit weights in blocks: the smallest file.
 */
export type EncoderDtype = "f32" | "f16" | "q8" | "q8-dynamic" | "q4";

/** Every `EncoderDtype`. */
export const ENCODER_DTYPES: readonly [EncoderDtype, ...EncoderDtype[]] = [
  "f32",
  "f16",
  "q8",
  "q8-dynamic",
  "q4",
];

/** What no `EncoderDtype` converts, in plain words. */
export const KEPT_FLOAT32: readonly string[] = [
  "patch embedding",
  "position embedding",
  "norms",
  "softmax",
  "GELU",
  "biases",
  "residual sums",
];
