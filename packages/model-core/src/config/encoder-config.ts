// The encoder's architecture as plain data. Field names are the camelCase of OpenGVLab's config.json; transformers'
// own names are translated to them.

/** The architecture of one InternViT. */
export interface EncoderConfig {
  /** Width C of the residual stream. */
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  /** Heads H; each is C/H wide. */
  readonly numAttentionHeads: number;
  /** Width of the MLP's hidden layer. */
  readonly intermediateSize: number;
  /** Side in pixels of the square input that the position embedding was trained for. */
  readonly imageSize: number;
  /** Side in pixels of one patch; divides `imageSize`. */
  readonly patchSize: number;
  readonly numChannels: number;
  /** Whether the query, key and value projections have a bias. */
  readonly qkvBias: boolean;
  /** Whether query and key go through an RMS norm over the full width before they are split into heads. */
  readonly qkNormalization: boolean;
  readonly normType: "layer_norm" | "rms_norm";
  readonly layerNormEps: number;
  /** GELU in its exact (erf) form. */
  readonly hiddenAct: "gelu";
  /** Highest drop-path probability, reached in the last layer; training only. */
  readonly dropPathRate: number;
  /** Initial value of the layer scales; training only. */
  readonly initializerFactor: number;
  /** Standard deviation of the initial weights; training only. */
  readonly initializerRange: number;
}

/**
 * Which layout of config.json an architecture was found in: the stand-alone encoder's, a chat model's
 * `vision_config`, or transformers' own `InternVLVisionConfig`, alone or nested.
 */
export type ConfigLayout = "standalone" | "chat" | "transformers";
