import {
  decodeHeadFacts,
  encodeHeadFacts,
  encodeSegmentationHead,
  initialSegmentationHead,
  isEvalError,
  readSegmentationHead,
  type SegmentationHeadFacts,
} from "@internvit/eval";
import { encoderConfigJson, getPreset } from "@internvit/model-core";
import type { Tensors } from "@internvit/train";
import { expect, test } from "vitest";

const { config } = getPreset("InternViT-300M-448px-V2_5")!;
const FORM = { kind: "linear", width: config.hiddenSize, classes: 2 } as const;
const FACTS: SegmentationHeadFacts = {
  form: FORM,
  classes: ["tree", "sky"],
  blocks: [23],
  inference: {
    shortSide: 504,
    mode: { kind: "slide", window: 504, stride: 322 },
    scales: [1],
    flip: false,
  },
  protocol: { name: "report-linear", hash: "ab".repeat(32) },
  iteration: 80_000,
  encoder: {
    name: "InternViT-300M-448px-V2_5",
    checkpointHash: null,
    trained: false,
    config: JSON.parse(JSON.stringify(encoderConfigJson(config))),
  },
};
const { parameters, buffers } = initialSegmentationHead(FORM, { seed: 1 });
const WEIGHTS: Tensors = { ...parameters, ...buffers };

async function refused(read: () => unknown): Promise<string> {
  try {
    await read();
    return "nothing";
  } catch (error) {
    return isEvalError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

function read(weights: Tensors, facts: object = FACTS) {
  const metadata = encodeHeadFacts(facts as SegmentationHeadFacts);
  const bytes = encodeSegmentationHead(weights, { updates: 5, metadata });
  return readSegmentationHead(bytes, { subject: "a.safetensors" });
}

test("a head's file gives facts and tensors again", async () => {
  const head = await read(WEIGHTS);
  expect(head.facts).toEqual(FACTS);
  expect(head.state).toEqual({ parameters, buffers });
  expect(head.config).toEqual(config);
});

test("the auxiliary head must be whole, and is left out", async () => {
  const form = { kind: "upernet", width: 8, classes: 2, channels: 4, auxiliaryLevel: 1 } as const;
  const small = encoderConfigJson({ ...config, hiddenSize: 8, numAttentionHeads: 2 });
  const facts = {
    ...FACTS,
    form,
    blocks: [5, 11, 17, 23],
    encoder: { ...FACTS.encoder, config: small },
  };
  const own = initialSegmentationHead(form, { seed: 1 });
  const weights = { ...own.parameters, ...own.buffers };
  const { state } = await read(weights, facts);
  const kept = Object.keys({ ...state.parameters, ...state.buffers });
  expect(kept).toEqual(Object.keys(weights).filter((name) => !name.startsWith("auxiliary_head")));
  const { "auxiliary_head.conv_seg.bias": _left, ...rest } = weights;
  expect(await refused(() => read(rest, facts))).toBe(
    "invalid-data: a.safetensors: tensors are missing: auxiliary_head.conv_seg.bias",
  );
});

test("refuses tensors that are not those of the form, by name", async () => {
  const bias = { dtype: "float32", shape: [3], data: new Float32Array(3) } as const;
  expect(await refused(() => read({ ...WEIGHTS, "decode_head.conv_seg.bias": bias }))).toMatch(
    /^invalid-data: a.safetensors: decode_head.conv_seg.bias: expected float32 \[2\], found float32 \[3\]$/,
  );
  expect(await refused(() => read({ ...WEIGHTS, "backbone.cls_token": bias }))).toMatch(
    /tensors that are not the head's: backbone.cls_token$/,
  );
});

test("refuses facts that are missing, damaged, newer or contradict themselves", async () => {
  const decode = (text: string | undefined) =>
    refused(() =>
      decodeHeadFacts(new Map(text === undefined ? [] : [["internvit", text]]), { subject: "a" }),
    );
  const { internvit = "" } = encodeHeadFacts(FACTS);
  expect(await decode(internvit)).toBe("nothing");
  expect(await decode(undefined)).toBe(
    "invalid-data: a: expected a trained segmentation head, the file's metadata has no entry internvit",
  );
  expect(await decode(internvit.slice(0, 40))).toMatch(/its metadata is no JSON$/);
  expect(await decode(internvit.replace("segmentation-head", "probe"))).toMatch(/format: .*/);
  expect(await decode(internvit.replace('"version":1', '"version":2'))).toMatch(
    /^unsupported: a: .* format 2, which is newer than this version reads: 1$/,
  );
  const other = (changed: object) =>
    decode(encodeHeadFacts({ ...FACTS, ...changed } as SegmentationHeadFacts)["internvit"]);
  expect(await other({ iteration: -1 })).toMatch(/iteration: .* in its metadata$/);
  expect(await other({ classes: ["tree"] })).toMatch(/names of 2 classes; its metadata has 1$/);
  expect(await other({ blocks: [1, 2] })).toMatch(/1 blocks that it reads; its metadata has 2$/);
  expect(await refused(() => read(WEIGHTS, { ...FACTS, blocks: [24] }))).toMatch(
    /expected blocks from 0 to 23, found 24/,
  );
});
