// @ts-check
// The encoder that trainings and the browser are measured with: an InternViT of 12 layers, 384 wide, as a config.json.

/** Its size in words, for results. */
export const SMALL_ENCODER = "12 layers, 384 wide, 6 heads, seeded random weights";

/** @param {number} imageSize pixels of a side */
export function smallEncoder(imageSize) {
  return {
    architectures: ["InternVisionModel"],
    hidden_act: "gelu",
    hidden_size: 384,
    image_size: imageSize,
    intermediate_size: 1536,
    layer_norm_eps: 1e-6,
    model_type: "intern_vit_6b",
    norm_type: "layer_norm",
    num_attention_heads: 6,
    num_channels: 3,
    num_hidden_layers: 12,
    patch_size: 14,
    qk_normalization: false,
    qkv_bias: true,
  };
}
