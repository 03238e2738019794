// The encoder of the full-tuning goldens, plain, with drop path whose masks are fed. Names are those of the segmentation
// checkpoints.

import type { GraphBuilder, Value } from "@internvit/model-core";
import {
  add,
  concat,
  gelu,
  layerNormalization,
  reshape,
  rmsNormalization,
  slice,
  transpose,
} from "@internvit/model-core/onnx";

import { attention, conv, expand, gemm, type ModelCall, residual, split } from "../../src/index.ts";

/** The manifest's description of the encoder. */
export interface EncoderForm {
  readonly heads: number;
  readonly norm: "rms" | "ln";
  readonly norm_eps: number;
  readonly qkv_bias: boolean;
  readonly qk_normalization: boolean;
  readonly drop_path_rates: readonly number[];
}

/** The outputs of all blocks as maps `[n, width, rows, columns]`, from pictures under `input`. */
export function trainedEncoder(
  graph: GraphBuilder,
  call: ModelCall,
  form: EncoderForm,
): readonly Value[] {
  const parameter = (name: string): Value => call.parameter(`backbone.${name}`);
  const patches = conv(graph, call.input("input"), {
    weight: parameter("patch_embed.proj.weight"),
    bias: parameter("patch_embed.proj.bias"),
    strides: [14, 14],
  });
  const [samples = 0, width = 0, rows = 0, columns = 0] = patches.shape.map(Number);
  const count = rows * columns;
  const tokens = transpose(graph, reshape(graph, patches, [samples, width, count]), [0, 2, 1]);
  const classToken = expand(graph, parameter("cls_token"), [samples, 1, width]);
  let hidden = add(graph, concat(graph, [classToken, tokens], { axis: 1 }), parameter("pos_embed"));
  return form.drop_path_rates.map((rate, at) => {
    const dropPath = (branch: number) =>
      call.mode === "evaluation" ? undefined : { kept: keptOf(graph, call, [at, branch]), rate };
    const block = `blocks.${at}`;
    hidden = residual(graph, hidden, {
      branch: attend(graph, norm(hidden, `${block}.norm1`), block),
      layerScale: parameter(`${block}.ls1.gamma`),
      dropPath: dropPath(0),
    });
    const wide = gelu(graph, linear(norm(hidden, `${block}.norm2`), `${block}.mlp.fc1`));
    hidden = residual(graph, hidden, {
      branch: linear(wide, `${block}.mlp.fc2`),
      layerScale: parameter(`${block}.ls2.gamma`),
      dropPath: dropPath(1),
    });
    const own = slice(graph, hidden, { axis: 1, start: 1, end: 1 + count });
    return reshape(graph, transpose(graph, own, [0, 2, 1]), [samples, width, rows, columns]);
  });

  function norm(value: Value, name: string): Value {
    const weight = parameter(`${name}.weight`);
    const epsilon = form.norm_eps;
    return form.norm === "rms" || name.includes("attn")
      ? rmsNormalization(graph, value, { weight, epsilon })
      : layerNormalization(graph, value, { weight, bias: parameter(`${name}.bias`), epsilon });
  }

  function linear(value: Value, name: string, hasBias = true): Value {
    const weight = parameter(`${name}.weight`);
    const flat = reshape(graph, value, [samples * (count + 1), weight.shape[1]!]);
    const product = gemm(graph, flat, weight, { transposeRight: true });
    const result = hasBias ? add(graph, product, parameter(`${name}.bias`)) : product;
    return reshape(graph, result, [samples, count + 1, weight.shape[0]!]);
  }

  function attend(builder: GraphBuilder, value: Value, block: string): Value {
    const all = linear(value, `${block}.attn.qkv`, form.qkv_bias);
    const parts = split(builder, all, { axis: 2, sizes: [width, width, width] });
    const [query, key, own] = parts.map((part, at) => {
      const normed =
        form.qk_normalization && at < 2
          ? norm(part, `${block}.attn.${at === 0 ? "q" : "k"}_norm`)
          : part;
      const perHead = [samples, count + 1, form.heads, width / form.heads];
      return transpose(builder, reshape(builder, normed, perHead), [0, 2, 1, 3]);
    });
    const mixed = attention(builder, { query: query!, key: key!, value: own! });
    const joined = transpose(builder, mixed, [0, 2, 1, 3]);
    return linear(reshape(builder, joined, [samples, count + 1, width]), `${block}.attn.proj`);
  }
}

/** The mask [n] of a block's branch. */
function keptOf(
  graph: GraphBuilder,
  { input }: ModelCall,
  [block, branch]: readonly [number, number],
): Value {
  const masks = input("drop_path_kept");
  const own = slice(graph, masks, { axis: 0, start: block, end: block + 1 });
  const one = slice(graph, own, { axis: 1, start: branch, end: branch + 1 });
  return reshape(graph, one, [masks.shape[2]!]);
}
