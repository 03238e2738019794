// The four ways in which checkpoints name the encoder's tensors:
//
// - `standalone`: OpenGVLab's InternViT repositories;
// - `chat`: OpenGVLab's InternVL chat models, the same under `vision_model.`;
// - `transformers`: transformers' own `InternVLVisionModel`, alone or inside `InternVLForConditionalGeneration`;
// - `probe`: the training code of the classification and segmentation probes (OpenGVLab/InternVL
//   classification/hf2pytorch.py).

/** One of the four naming schemes. */
export type NamingScheme = "standalone" | "chat" | "transformers" | "probe";

/** A naming scheme as found in one checkpoint. */
export interface TensorNaming {
  readonly scheme: NamingScheme;
  /** What stands before every name. */
  readonly prefix: string;
}

/** Names of one layer's tensors. A name that has a weight and perhaps a bias is given without `.weight`. */
export interface LayerNames {
  readonly norm1: string;
  readonly norm2: string;
  /** One fused linear layer with the rows [query | key | value], or three. */
  readonly attention:
    | { readonly qkv: string }
    | { readonly query: string; readonly key: string; readonly value: string };
  readonly queryNorm: string;
  readonly keyNorm: string;
  readonly projection: string;
  readonly fc1: string;
  readonly fc2: string;
  readonly layerScale1: string;
  readonly layerScale2: string;
}

/** Names of the tensors before the first layer. */
export interface EmbeddingNames {
  readonly classEmbedding: string;
  readonly positionEmbedding: string;
  readonly patchEmbedding: string;
}

interface Scheme extends EmbeddingNames {
  /** What may stand before the names. */
  readonly prefixes: readonly string[];
  readonly layers: string;
  readonly layer: LayerNames;
  /** Beginnings of the names of other parts of the model, which an encoder leaves alone. */
  readonly otherParts: readonly string[];
}

const OPENGVLAB: Omit<Scheme, "prefixes" | "otherParts"> = {
  classEmbedding: "embeddings.class_embedding",
  positionEmbedding: "embeddings.position_embedding",
  patchEmbedding: "embeddings.patch_embedding",
  layers: "encoder.layers",
  layer: {
    norm1: "norm1",
    norm2: "norm2",
    attention: { qkv: "attn.qkv" },
    queryNorm: "attn.q_norm",
    keyNorm: "attn.k_norm",
    projection: "attn.proj",
    fc1: "mlp.fc1",
    fc2: "mlp.fc2",
    layerScale1: "ls1",
    layerScale2: "ls2",
  },
};

const SCHEMES: Readonly<Record<NamingScheme, Scheme>> = {
  standalone: { ...OPENGVLAB, prefixes: [""], otherParts: [] },
  chat: {
    ...OPENGVLAB,
    prefixes: ["vision_model."],
    otherParts: ["language_model.", "mlp1."],
  },
  transformers: {
    prefixes: ["", "vision_tower.", "model.vision_tower.", "model."],
    classEmbedding: "embeddings.cls_token",
    positionEmbedding: "embeddings.position_embeddings",
    patchEmbedding: "embeddings.patch_embeddings.projection",
    layers: "encoder.layer",
    layer: {
      norm1: "layernorm_before",
      norm2: "layernorm_after",
      attention: {
        query: "attention.q_proj",
        key: "attention.k_proj",
        value: "attention.v_proj",
      },
      queryNorm: "attention.q_norm",
      keyNorm: "attention.k_norm",
      projection: "attention.projection_layer",
      fc1: "mlp.fc1",
      fc2: "mlp.fc2",
      layerScale1: "lambda_1",
      layerScale2: "lambda_2",
    },
    otherParts: [
      "language_model.",
      "model.language_model.",
      "multi_modal_projector.",
      "model.multi_modal_projector.",
      "lm_head.",
    ],
  },
  probe: {
    prefixes: ["", "backbone.", "module."],
    classEmbedding: "cls_token",
    positionEmbedding: "pos_embed",
    patchEmbedding: "patch_embed.proj",
    layers: "blocks",
    layer: { ...OPENGVLAB.layer, layerScale1: "ls1.gamma", layerScale2: "ls2.gamma" },
    otherParts: ["", "module."].flatMap((prefix) =>
      ["head.", "norm.", "attn_pooling.", "decode_head.", "auxiliary_head."].map(
        (part) => prefix + part,
      ),
    ),
  },
};

/** Every scheme with every prefix that it may have. The first of a scheme is its usual one. */
export function tensorNamings(): readonly TensorNaming[] {
  return (Object.keys(SCHEMES) as NamingScheme[]).flatMap((scheme) =>
    SCHEMES[scheme].prefixes.map((prefix) => ({ scheme, prefix })),
  );
}

/** Full names of the tensors before the first layer. */
export function embeddingNames({ scheme, prefix }: TensorNaming): EmbeddingNames {
  const { classEmbedding, positionEmbedding, patchEmbedding } = SCHEMES[scheme];
  return {
    classEmbedding: prefix + classEmbedding,
    positionEmbedding: prefix + positionEmbedding,
    patchEmbedding: prefix + patchEmbedding,
  };
}

/** Full names of the tensors of layer `index`. */
export function layerNames({ scheme, prefix }: TensorNaming, index: number): LayerNames {
  const { layers, layer } = SCHEMES[scheme];
  const full = (name: string): string => `${prefix}${layers}.${index}.${name}`;
  const { attention } = layer;
  return {
    norm1: full(layer.norm1),
    norm2: full(layer.norm2),
    attention:
      "qkv" in attention
        ? { qkv: full(attention.qkv) }
        : {
            query: full(attention.query),
            key: full(attention.key),
            value: full(attention.value),
          },
    queryNorm: full(layer.queryNorm),
    keyNorm: full(layer.keyNorm),
    projection: full(layer.projection),
    fc1: full(layer.fc1),
    fc2: full(layer.fc2),
    layerScale1: full(layer.layerScale1),
    layerScale2: full(layer.layerScale2),
  };
}

/** The other part of the model that a tensor belongs to (such as `language_model.`), or undefined. */
export function otherPartOf(name: string, { scheme }: TensorNaming): string | undefined {
  return SCHEMES[scheme].otherParts.find((part) => name.startsWith(part));
}
