import { describe, expect, it } from "vitest";
import { bytesSource } from "../../src/byte-source.ts";
import { memoryDirectory } from "../../src/checkpoint/directory.ts";
import { matchEncoderTensors } from "../../src/checkpoint/match-encoder-tensors.ts";
import { resolveProjectorWeights } from "../../src/checkpoint/match-projector-tensors.ts";
import { readCheckpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { getPreset } from "../../src/config/presets.ts";
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "../../src/float-bits.ts";
import { readSafetensorsHeader } from "../../src/safetensors/read.ts";
import {
  synthesizeCheckpoint,
  type SynthesizedCheckpoint,
  type SynthesizeOptions,
} from "../../src/synthesize/synthesize-checkpoint.ts";
import { jsonBytes, readAll, TINY } from "../checkpoint/tiny-checkpoint.ts";
import { joinBytes } from "../join-bytes.ts";
import { modelErrorOf } from "../model-error-of.ts";

function filesOf({ files }: SynthesizedCheckpoint): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(files.map(({ name, chunks }) => [name, joinBytes(chunks)]));
}

function weights(options: SynthesizeOptions): Uint8Array<ArrayBuffer> {
  return filesOf(synthesizeCheckpoint(TINY, options)).get("model.safetensors")!;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

describe("synthesizeCheckpoint", () => {
  // Pinned: a cached default model must not change under its name, and must be the same on every platform.
  it.each([
    ["float32", "5d8678452628f4f1049340e7acb37f27deea093a499cc6cda193952af43a52a6"],
    ["bfloat16", "84328193915a720a8a4e7755391721c3e887ccb309dae9e97fe8348bf9b305dd"],
    ["float16", "876fdb9ccfaa8f4b031ded8c2b7e4a75cf27c62e5addf078c5986d6375ddbb6c"],
  ] as const)("gives the same bytes everywhere: %s", async (dtype, expected) => {
    expect(await sha256(weights({ seed: 7, dtype }))).toBe(expected);
  });

  it("does not depend on how it is cut into pieces", () => {
    const whole = weights({ seed: 7 });
    expect(weights({ seed: 7, chunkBytes: 1024 })).toEqual(whole);
    expect(weights({ seed: 7, chunkBytes: 1031 })).toEqual(whole);
    const { files } = synthesizeCheckpoint(TINY, { seed: 7, chunkBytes: 1024, dtype: "float32" });
    const [, ...chunks] = files.find(({ name }) => name === "model.safetensors")!.chunks;
    expect(Math.max(...chunks.map((chunk) => chunk.byteLength))).toBe(1024);
  });

  it("may be iterated again, and its pieces belong to the caller", () => {
    const { files } = synthesizeCheckpoint(TINY, { seed: 7 });
    for (const { chunks } of files) {
      const first = joinBytes(chunks);
      for (const chunk of chunks) chunk.fill(0);
      expect(joinBytes(chunks)).toEqual(first);
    }
  });

  it("says the sizes before it makes the bytes", () => {
    const checkpoint = synthesizeCheckpoint(TINY, { seed: 0, preset: "ü" });
    let total = 0;
    for (const { byteLength, chunks } of checkpoint.files) {
      expect(joinBytes(chunks).byteLength).toBe(byteLength);
      total += byteLength;
    }
    expect(checkpoint.byteLength).toBe(total);
  });

  it("knows the size of the largest preset at once", () => {
    const { config } = getPreset("InternViT-6B-448px-V2_5");
    const { byteLength } = synthesizeCheckpoint(config, { seed: 0 });
    expect(byteLength).toBeGreaterThan(2 * 5_536_496_000);
    expect(byteLength).toBeLessThan(2 * 5_536_496_000 + 100_000);
  });

  it("is a complete checkpoint that says what it is", async () => {
    const preset = "InternViT-300M-448px-V2_5";
    const files = filesOf(synthesizeCheckpoint(TINY, { seed: 42, preset }));
    const checkpoint = await readCheckpoint(memoryDirectory("made", files));
    expect(checkpoint.config).toEqual(TINY);
    expect(checkpoint.synthesized).toEqual({ seed: 42, preset });
    expect(checkpoint.configJson).toMatchObject({
      torch_dtype: "bfloat16",
      internvit_synthesized: { seed: 42, preset },
    });
    expect(matchEncoderTensors(checkpoint)).toMatchObject({
      scheme: "standalone",
      missing: [],
      unexpected: [],
      wrongShape: [],
    });
    const source = bytesSource(files.get("model.safetensors")!);
    const { metadata } = await readSafetensorsHeader(source, { subject: "" });
    expect(metadata).toEqual(
      new Map([
        ["format", "pt"],
        ["internvit.synthesized", "seeded random weights, not a trained model; seed 42"],
      ]),
    );
  });

  it("is a chat model's encoder and projector when a chat side is given", async () => {
    const { chat } = getPreset("InternVL2_5-1B");
    const tinyChat = { ...chat!, imageSize: 28, projectorWidth: 6 };
    const options = { seed: 42, dtype: "float32", chat: tinyChat } as const;
    const files = filesOf(synthesizeCheckpoint(TINY, options));
    const checkpoint = await readCheckpoint(memoryDirectory("made", files));
    expect(checkpoint).toMatchObject({ layout: "chat", config: TINY, chat: tinyChat });
    expect(checkpoint.synthesized).toEqual({ seed: 42, preset: undefined });
    expect(checkpoint.configJson).toMatchObject({
      architectures: ["InternVLChatModel"],
      dynamic_image_size: true,
      llm_config: { hidden_size: 6 },
      ps_version: "v2",
      template: "internvl2_5",
    });
    const match = matchEncoderTensors(checkpoint);
    expect(match).toMatchObject({ scheme: "chat", prefix: "vision_model.", unexpected: [] });
    expect(match.ignored).toEqual([{ prefix: "mlp1.", count: 6 }]);
    expect(resolveProjectorWeights(checkpoint).linear1.weight.shape).toEqual([6, 32]);

    // The encoder is the stand-alone one of the same seed.
    const inside = await readAll(files.get("model.safetensors")!);
    const alone = await readAll(weights({ seed: 42, dtype: "float32" }));
    for (const [name, tensor] of alone) expect(inside.get(`vision_model.${name}`)).toEqual(tensor);
    const norm = inside.get("mlp1.0.weight")!.data as Float32Array;
    expect(norm.every((value) => Math.abs(value - 1) < 0.2)).toBe(true);
  });

  // Pinned as the stand-alone bytes are.
  it("gives the same bytes of a chat model everywhere", async () => {
    const { chat } = getPreset("InternVL2_5-1B");
    const tinyChat = { ...chat!, imageSize: 28, projectorWidth: 6 };
    expect(await sha256(weights({ seed: 7, chat: tinyChat }))).toBe(
      "1f83039bbb80fa52d6efea9ee460ba6f7e9446c8b0bf880754a8e7b821325986",
    );
  });

  it("needs the width of visual tokens for a chat model", async () => {
    const { projectorWidth: _, ...chat } = getPreset("InternVL2_5-1B").chat!;
    const error = await modelErrorOf(() => synthesizeCheckpoint(TINY, { seed: 0, chat }));
    expect(error.message).toContain("chat.projectorWidth: expected a width");
  });

  it("is still recognised when its config.json was replaced", async () => {
    const files = filesOf(synthesizeCheckpoint(TINY, { seed: 42 }));
    const { internvit_synthesized: _, ...rest } = JSON.parse(
      new TextDecoder().decode(files.get("config.json")),
    );
    const directory = memoryDirectory(
      "made",
      new Map<string, Uint8Array>(files).set("config.json", jsonBytes(rest)),
    );
    expect((await readCheckpoint(directory)).synthesized).toEqual({ seed: 42, preset: undefined });
  });

  it("gives other numbers for another seed and for every tensor", async () => {
    const seen = new Set<string>();
    for (const seed of [0, 1, 2 ** 32 - 1]) {
      const tensors = await readAll(weights({ seed, dtype: "float32" }));
      for (const { data } of tensors.values()) seen.add(data.slice(0, 8).join());
    }
    expect(seen.size).toBe(3 * (4 + 2 * 16));
  });

  it("rounds the float32 weights to the narrower types", async () => {
    const wide = await readAll(weights({ seed: 3, dtype: "float32" }));
    const half = await readAll(weights({ seed: 3, dtype: "float16" }));
    const brain = await readAll(weights({ seed: 3, dtype: "bfloat16" }));
    for (const [name, { data }] of wide) {
      const values = data as Float32Array;
      expect(half.get(name)?.data).toEqual(float32ToFloat16(values));
      expect(brain.get(name)?.data).toEqual(float32ToBfloat16(values));
      expect(float16ToFloat32(half.get(name)!.data as Uint16Array)).not.toContain(NaN);
      expect(bfloat16ToFloat32(brain.get(name)!.data as Uint16Array)).not.toContain(NaN);
    }
  });

  it("has no bias that is zero and no norm that is one, so that a forgotten one shows", async () => {
    for (const [name, { data }] of await readAll(weights({ seed: 5 }))) {
      const values = bfloat16ToFloat32(data as Uint16Array);
      const neutral = name.includes("norm") && name.endsWith("weight") ? 1 : 0;
      expect(values.filter((value) => value === neutral).length).toBeLessThan(values.length / 2);
    }
  });

  it.each([
    { seed: -1 },
    { seed: 2 ** 32 },
    { seed: 0.5 },
    { seed: NaN },
    { seed: 0, chunkBytes: 100 },
    { seed: 0, chunkBytes: Infinity },
  ])("refuses %j", async (options) => {
    const error = await modelErrorOf(() => synthesizeCheckpoint(TINY, options));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toMatch(/expected a whole number from \d+ to \d+, found/);
  });
});
