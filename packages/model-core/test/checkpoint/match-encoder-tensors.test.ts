import { describe, expect, it } from "vitest";
import { memoryDirectory } from "../../src/checkpoint/directory.ts";
import type { EncoderWeights, WeightSlice } from "../../src/checkpoint/encoder-tensors.ts";
import {
  matchEncoderTensors,
  resolveEncoderWeights,
} from "../../src/checkpoint/match-encoder-tensors.ts";
import { readCheckpoint, type Checkpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { encoderConfigJson } from "../../src/config/config-json.ts";
import type { EncoderConfig } from "../../src/config/encoder-config.ts";
import { float32ToBfloat16 } from "../../src/float-bits.ts";
import type { Tensor } from "../../src/tensor.ts";
import { modelErrorOf } from "../model-error-of.ts";
import { editTensors, jsonBytes, TINY, tinyFiles } from "./tiny-checkpoint.ts";

type Edit = (tensors: Map<string, Tensor>) => Map<string, Tensor> | void;

async function tiny(edit: Edit = () => {}, config: EncoderConfig = TINY): Promise<Checkpoint> {
  const files = await editTensors(tinyFiles(config), edit);
  return readCheckpoint(memoryDirectory("tiny", files));
}

const none: Edit = () => new Map();

/** Every name changed by `rename`. */
function renamed(rename: (name: string) => string): Edit {
  return (tensors) => new Map(Array.from(tensors, ([name, tensor]) => [rename(name), tensor]));
}

function toProbeName(name: string): string {
  return name
    .replace("embeddings.class_embedding", "cls_token")
    .replace("embeddings.position_embedding", "pos_embed")
    .replace("embeddings.patch_embedding", "patch_embed.proj")
    .replace("encoder.layers.", "blocks.")
    .replace(/\.ls([12])$/, ".ls$1.gamma");
}

const TRANSFORMERS_NAMES: readonly (readonly [string, string])[] = [
  ["embeddings.class_embedding", "embeddings.cls_token"],
  ["embeddings.position_embedding", "embeddings.position_embeddings"],
  ["embeddings.patch_embedding", "embeddings.patch_embeddings.projection"],
  ["encoder.layers.", "encoder.layer."],
  ["norm1", "layernorm_before"],
  ["norm2", "layernorm_after"],
  ["attn.proj", "attention.projection_layer"],
  ["attn.", "attention."],
  [".ls1", ".lambda_1"],
  [".ls2", ".lambda_2"],
];

/** transformers' names; the fused linear layer becomes three. */
function toTransformers(prefix: string): Edit {
  return (tensors) => {
    const result = new Map<string, Tensor>();
    for (const [name, tensor] of tensors) {
      const translated = prefix + TRANSFORMERS_NAMES.reduce((n, [a, b]) => n.replace(a, b), name);
      if (!name.includes("qkv")) {
        result.set(translated, tensor);
        continue;
      }
      for (const [index, part] of ["q", "k", "v"].entries()) {
        const length = tensor.data.length / 3;
        const [rows = 0, ...rest] = tensor.shape;
        result.set(translated.replace("qkv", `${part}_proj`), {
          dtype: "float32",
          shape: [rows / 3, ...rest],
          data: (tensor.data as Float32Array).slice(index * length, (index + 1) * length),
        });
      }
    }
    return result;
  };
}

/** Every slice of the table with its bytes, in a fixed order. */
async function contents(checkpoint: Checkpoint): Promise<readonly unknown[]> {
  const slices: WeightSlice[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("byteLength" in value) slices.push(value as WeightSlice);
    else for (const item of Object.values(value)) collect(item);
  };
  collect(resolveEncoderWeights(checkpoint));
  return Promise.all(
    slices.map(async ({ dtype, shape, file, start, byteLength }) => {
      const bytes = await checkpoint.files.get(file)!.read(start, start + byteLength);
      return { dtype, shape, bytes: [...bytes] };
    }),
  );
}

describe("the four namings", () => {
  it.each<[string, string, Edit]>([
    ["chat", "vision_model.", renamed((name) => `vision_model.${name}`)],
    ["transformers", "", toTransformers("")],
    ["transformers", "vision_tower.", toTransformers("vision_tower.")],
    ["transformers", "model.vision_tower.", toTransformers("model.vision_tower.")],
    ["transformers", "model.", toTransformers("model.")],
    ["probe", "", renamed(toProbeName)],
    ["probe", "backbone.", renamed((name) => `backbone.${toProbeName(name)}`)],
    ["probe", "module.", renamed((name) => `module.${toProbeName(name)}`)],
  ])("%s with prefix %j gives the same table as stand-alone", async (scheme, prefix, edit) => {
    const checkpoint = await tiny(edit);
    expect(matchEncoderTensors(checkpoint)).toMatchObject({
      scheme,
      prefix,
      missing: [],
      unexpected: [],
      wrongShape: [],
      wrongDtype: [],
      contradicting: [],
      ignored: [],
    });
    expect(await contents(checkpoint)).toEqual(await contents(await tiny()));
  });

  it("cut query, key and value out of the fused tensor by rows", async () => {
    const checkpoint = await tiny();
    const [layer] = resolveEncoderWeights(checkpoint).layers;
    const fused = checkpoint.tensors.get("encoder.layers.0.attn.qkv.weight")!;
    for (const [index, part] of (["query", "key", "value"] as const).entries()) {
      expect(layer?.[part].weight).toEqual({
        name: "encoder.layers.0.attn.qkv.weight",
        dtype: "float32",
        shape: [8, 8],
        file: "model.safetensors",
        start: fused.start + index * 256,
        byteLength: 256,
      });
      expect(layer?.[part].bias).toMatchObject({ shape: [8], byteLength: 32 });
    }
  });

  it("leave out what the architecture does not have", async () => {
    const config: EncoderConfig = {
      ...TINY,
      normType: "rms_norm",
      qkvBias: false,
      qkNormalization: false,
    };
    const weights: EncoderWeights = resolveEncoderWeights(await tiny(() => {}, config));
    const [layer] = weights.layers;
    expect(layer?.norm1.bias).toBeUndefined();
    expect(layer?.query.bias).toBeUndefined();
    expect(layer?.queryNorm).toBeUndefined();
    expect(layer?.projection.bias).toBeDefined();
    expect(weights.layers).toHaveLength(2);
  });
});

describe("matchEncoderTensors", () => {
  it("counts other parts of a chat model and does not call them unexpected", async () => {
    const extra: Tensor = { dtype: "float32", shape: [1], data: new Float32Array(1) };
    const checkpoint = await tiny((tensors) => {
      const chat = new Map(
        Array.from(tensors, ([name, tensor]) => [`vision_model.${name}`, tensor]),
      );
      for (const name of ["language_model.a", "language_model.b", "mlp1.0.weight", "stray"]) {
        chat.set(name, extra);
      }
      return chat;
    });
    const match = matchEncoderTensors(checkpoint);
    expect(match.unexpected).toEqual(["stray"]);
    expect(match.ignored).toEqual([
      { prefix: "language_model.", count: 2 },
      { prefix: "mlp1.", count: 1 },
    ]);
    expect(match.weights).toBeDefined();
  });

  it("lists the layers beyond the config's as unexpected, and still gives the weights", async () => {
    const files = tinyFiles({ ...TINY, numHiddenLayers: 3 });
    const deep = await editTensors(files, renamed(toProbeName));
    deep.set("config.json", jsonBytes(encoderConfigJson(TINY)));
    const match = matchEncoderTensors(await readCheckpoint(memoryDirectory("tiny", deep)));
    expect(match.scheme).toBe("probe");
    expect(match.unexpected).toHaveLength(16);
    expect(match.unexpected.every((name) => name.startsWith("blocks.2."))).toBe(true);
    expect(match.weights?.layers).toHaveLength(2);
  });

  it("names everything in the layout's usual way when nothing is there", async () => {
    expect(matchEncoderTensors(await tiny(none)).missing).toContain(
      "encoder.layers.0.attn.qkv.weight",
    );
    const chat = { ...(await tiny(none)), layout: "chat" as const };
    expect(matchEncoderTensors(chat).missing).toContain("vision_model.encoder.layers.0.ls1");
    const native = { ...chat, layout: "transformers" as const };
    expect(matchEncoderTensors(native).missing).toContain("vision_tower.encoder.layer.0.lambda_1");
  });
});

describe("resolveEncoderWeights refuses", () => {
  it("missing tensors, by the checkpoint's own names", async () => {
    const checkpoint = await tiny((tensors) => {
      renamed((name) => `backbone.${toProbeName(name)}`)(tensors);
      const probe = new Map(
        Array.from(tensors, ([name, t]) => [`backbone.${toProbeName(name)}`, t]),
      );
      probe.delete("backbone.blocks.1.ls2.gamma");
      probe.delete("backbone.pos_embed");
      return probe;
    });
    const error = await modelErrorOf(() => resolveEncoderWeights(checkpoint));
    expect(error).toMatchObject({ code: "mismatch", subject: "tiny" });
    expect(error.message).toBe(
      "tiny: the weights do not fit the config: missing tensors (2): backbone.pos_embed, backbone.blocks.1.ls2.gamma",
    );
  });

  it("tensors in a shard that is not there, by the shard's name", async () => {
    const checkpoint = await tiny((tensors) => {
      tensors.delete("encoder.layers.0.ls1");
      tensors.delete("encoder.layers.1.ls1");
    });
    const lost = { name: "b.safetensors", tensors: ["encoder.layers.0.ls1", "other"] };
    const part = await modelErrorOf(() =>
      resolveEncoderWeights({ ...checkpoint, absentShards: [lost] }),
    );
    expect(part.code).toBe("mismatch");
    expect(part.message).toContain(
      'missing tensors (2): encoder.layers.0.ls1 (in the missing shard "b.safetensors"), encoder.layers.1.ls1',
    );
    const other = { name: "c.safetensors", tensors: ["encoder.layers.1.ls1"] };
    const all = await modelErrorOf(() =>
      resolveEncoderWeights({ ...checkpoint, absentShards: [lost, other] }),
    );
    expect(all.code).toBe("not-found");
    expect(all.message).toBe(
      'tiny: the shards "b.safetensors", "c.safetensors" are missing, with 2 tensors of the encoder: encoder.layers.0.ls1, encoder.layers.1.ls1',
    );
  });

  it("an encoder that is wholly in a shard that is not there, under its own names", async () => {
    const names = [...(await tiny()).tensors.keys()].map((name) => `vision_model.${name}`);
    const checkpoint = await tiny(none);
    const absentShards = [{ name: "a.safetensors", tensors: names }];
    const error = await modelErrorOf(() => resolveEncoderWeights({ ...checkpoint, absentShards }));
    expect(error.code).toBe("not-found");
    expect(error.message).toContain(
      `the shard "a.safetensors" is missing, with ${names.length} tensors of the encoder: vision_model.`,
    );
  });

  it("many missing tensors, naming ten and the number", async () => {
    const checkpoint = await tiny((tensors) => {
      for (const name of tensors.keys()) if (name.includes(".layers.1.")) tensors.delete(name);
    });
    const error = await modelErrorOf(() => resolveEncoderWeights(checkpoint));
    expect(error.message).toContain("missing tensors (16): encoder.layers.1.norm1.weight");
    expect(error.message).toContain("and 6 more");
  });

  it("another shape, with both", async () => {
    const checkpoint = await tiny((tensors) => {
      tensors.set("encoder.layers.0.mlp.fc1.weight", {
        dtype: "float32",
        shape: [8, 12],
        data: new Float32Array(96),
      });
    });
    const error = await modelErrorOf(() => resolveEncoderWeights(checkpoint));
    expect(error.code).toBe("mismatch");
    expect(error.message).toContain(
      "tensors of another shape (1): encoder.layers.0.mlp.fc1.weight (expected [12, 8], found [8, 12])",
    );
  });

  it("other shapes with names as long as in chat models, unshortened", async () => {
    const checkpoint = await tiny((tensors) => {
      const chat = new Map(Array.from(tensors, ([name, t]) => [`vision_model.${name}`, t]));
      chat.set("vision_model.encoder.layers.1.attn.qkv.weight", {
        dtype: "uint8",
        shape: [100_000, 0, 100_000, 100_000],
        data: new Uint8Array(0),
      });
      return chat;
    });
    const error = await modelErrorOf(() => resolveEncoderWeights(checkpoint));
    expect(error.message).toContain(
      "vision_model.encoder.layers.1.attn.qkv.weight (expected [24, 8], found [100000, 0, 100000, 100000])",
    );
  });

  it("another element type", async () => {
    const checkpoint = await tiny((tensors) => {
      tensors.set("encoder.layers.0.ls1", { dtype: "int8", shape: [8], data: new Int8Array(8) });
    });
    const error = await modelErrorOf(() => resolveEncoderWeights(checkpoint));
    expect(error.code).toBe("unsupported");
    expect(error.message).toContain("found others (1): encoder.layers.0.ls1 (I8)");
  });

  it("biases and norms that the config denies: the features would be wrong in silence", async () => {
    const files = tinyFiles();
    files.set("config.json", jsonBytes(encoderConfigJson({ ...TINY, qkvBias: false })));
    const checkpoint = await readCheckpoint(memoryDirectory("tiny", files));
    const error = await modelErrorOf(() => resolveEncoderWeights(checkpoint));
    expect(error.code).toBe("mismatch");
    expect(error.message).toContain(
      "tensors that the config says do not exist (2): encoder.layers.0.attn.qkv.bias, encoder.layers.1.attn.qkv.bias",
    );
  });

  it("nothing when element types are mixed", async () => {
    const checkpoint = await tiny((tensors) => {
      const { shape, data } = tensors.get("encoder.layers.0.ls1")!;
      tensors.set("encoder.layers.0.ls1", {
        dtype: "bfloat16",
        shape,
        data: float32ToBfloat16(data as Float32Array),
      });
    });
    const [layer] = resolveEncoderWeights(checkpoint).layers;
    expect(layer?.layerScale1.dtype).toBe("bfloat16");
    expect(layer?.layerScale2.dtype).toBe("float32");
  });
});
