import { describe, expect, it } from "vitest";

import { memoryDirectory } from "../../src/checkpoint/directory.ts";
import {
  matchProjectorTensors,
  resolveProjectorWeights,
} from "../../src/checkpoint/match-projector-tensors.ts";
import { type Checkpoint, readCheckpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { readProjector } from "../../src/checkpoint/read-projector.ts";
import { getPreset } from "../../src/config/presets.ts";
import { encodeSafetensors } from "../../src/safetensors/write.ts";
import { synthesizeCheckpoint } from "../../src/synthesize/synthesize-checkpoint.ts";
import type { Tensor } from "../../src/tensor.ts";
import { joinBytes } from "../join-bytes.ts";
import { modelErrorOf } from "../model-error-of.ts";
import { editTensors, readAll, TINY, tinyFiles } from "./tiny-checkpoint.ts";

type Edit = (tensors: Map<string, Tensor>) => Map<string, Tensor> | void;

/** C 8 and r 2 make 32 channels; T is 6. */
const CHAT = { ...getPreset("InternVL2_5-1B").chat!, imageSize: 28, projectorWidth: 6 };

async function chatFiles(edit: Edit = () => {}): Promise<Map<string, Uint8Array>> {
  const { files } = synthesizeCheckpoint(TINY, { seed: 1, dtype: "float32", chat: CHAT });
  const bytes = new Map(files.map(({ name, chunks }) => [name, joinBytes(chunks)]));
  return editTensors(bytes, edit);
}

async function chatCheckpoint(edit?: Edit): Promise<Checkpoint> {
  return readCheckpoint(memoryDirectory("tiny", await chatFiles(edit)));
}

function zeros(...shape: number[]): Tensor<"float32"> {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: "float32", shape, data: new Float32Array(count) };
}

/** The projector's tensors alone, under other names. */
function renamed(names: Readonly<Record<string, string>>): Edit {
  return (tensors) =>
    new Map(
      [...tensors].flatMap(([name, tensor]) => {
        const [, part = "", kind = ""] = /^mlp1\.(\d)\.(weight|bias)$/.exec(name) ?? [];
        const to = names[part];
        return to === undefined ? [] : [[`${to}.${kind}`, tensor] as const];
      }),
    );
}

describe("resolveProjectorWeights", () => {
  it("finds mlp1 in a chat checkpoint, each part at its place", async () => {
    const checkpoint = await chatCheckpoint();
    const weights = resolveProjectorWeights(checkpoint);
    expect(weights.norm.weight).toMatchObject({ name: "mlp1.0.weight", shape: [32] });
    expect(weights.norm.bias).toMatchObject({ name: "mlp1.0.bias", shape: [32] });
    expect(weights.linear1.weight).toMatchObject({ name: "mlp1.1.weight", shape: [6, 32] });
    expect(weights.linear1.bias).toMatchObject({ name: "mlp1.1.bias", shape: [6] });
    expect(weights.linear2.weight).toMatchObject({ name: "mlp1.3.weight", shape: [6, 6] });
    const { start, byteLength } = checkpoint.tensors.get("mlp1.3.bias")!;
    expect(weights.linear2.bias).toMatchObject({ start, byteLength, dtype: "float32" });
  });

  it.each([
    ["multi_modal_projector.", "layer_norm", "linear_1", "linear_2"],
    ["model.multi_modal_projector.", "layer_norm", "linear_1", "linear_2"],
    ["", "layer_norm", "linear_1", "linear_2"],
    ["", "0", "1", "3"],
  ])("finds it under %s: %s, %s and %s", async (prefix, norm, linear1, linear2) => {
    const names = { 0: prefix + norm, 1: prefix + linear1, 3: prefix + linear2 };
    const checkpoint = await chatCheckpoint(renamed(names));
    const match = matchProjectorTensors(checkpoint);
    expect(match).toMatchObject({ present: true, prefix, missing: [], contradicting: [] });
    expect(match.weights?.linear2.weight.name).toBe(`${names[3]}.weight`);
  });

  it("takes the width from the tensors where no config says it", async () => {
    const { layout: _, chat: __, ...rest } = await chatCheckpoint();
    expect(resolveProjectorWeights(rest).linear2.weight.shape).toEqual([6, 6]);
  });

  it("says that a stand-alone encoder has none, and what to do", async () => {
    const checkpoint = await readCheckpoint(memoryDirectory("alone", tinyFiles()));
    expect(matchProjectorTensors(checkpoint)).toMatchObject({ present: false, weights: undefined });
    const error = await modelErrorOf(() => resolveProjectorWeights(checkpoint));
    expect(error).toMatchObject({ code: "not-found", subject: "alone" });
    expect(error.message).toMatch(
      /^alone is a stand-alone encoder: visual tokens need mlp1\.\*.* found none; give the projector/,
    );
    const without = await chatCheckpoint((tensors) => {
      for (const name of tensors.keys()) if (name.startsWith("mlp1.")) tensors.delete(name);
    });
    expect((await modelErrorOf(() => resolveProjectorWeights(without))).message).toMatch(
      /^tiny has no projector: /,
    );
  });

  it.each<[string, Edit, string, string]>([
    [
      "a missing tensor",
      (tensors) => void tensors.delete("mlp1.3.bias"),
      "mismatch",
      "tiny: the weights of the projector do not fit the config: missing tensors (1): mlp1.3.bias",
    ],
    [
      "another width than the config's",
      (tensors) => void tensors.set("mlp1.1.weight", zeros(7, 32)),
      "mismatch",
      "mlp1.1.weight (expected [6, 32], found [7, 32])",
    ],
    [
      "another number of channels than the encoder gives",
      (tensors) => void tensors.set("mlp1.0.weight", zeros(8)),
      "mismatch",
      "mlp1.0.weight (expected [32], found [8])",
    ],
    [
      "more layers than it should have",
      (tensors) => void tensors.set("mlp1.5.weight", zeros(6, 6)),
      "mismatch",
      "tensors that the config says do not exist (1): mlp1.5.weight",
    ],
    [
      "an element type that is no float",
      (tensors) =>
        void tensors.set("mlp1.3.bias", { dtype: "int8", shape: [6], data: new Int8Array(6) }),
      "unsupported",
      "found others (1): mlp1.3.bias (I8)",
    ],
  ])("refuses %s", async (_, edit, code, message) => {
    const checkpoint = await chatCheckpoint(edit);
    const error = await modelErrorOf(() => resolveProjectorWeights(checkpoint));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it("names the shard that is not there", async () => {
    const names = ["mlp1.0.bias", "mlp1.0.weight", "mlp1.1.bias"];
    const checkpoint = await chatCheckpoint((tensors) => {
      for (const name of names) tensors.delete(name);
    });
    const absentShards = [{ name: "b.safetensors", tensors: names }];
    const error = await modelErrorOf(() =>
      resolveProjectorWeights({ ...checkpoint, absentShards }),
    );
    expect(error.code).toBe("not-found");
    expect(error.message).toBe(
      'tiny: the shard "b.safetensors" is missing, with 3 tensors of the projector: mlp1.0.weight, mlp1.0.bias, mlp1.1.bias',
    );
  });
});

describe("readProjector", () => {
  const lone = renamed({ 0: "0", 1: "1", 3: "3" });

  it("opens a file that holds nothing else", async () => {
    const files = await chatFiles(lone);
    const directory = memoryDirectory(
      "projectors",
      new Map([["mlp1.safetensors", files.get("model.safetensors")!]]),
    );
    const projector = await readProjector(directory, { file: "mlp1.safetensors" });
    expect(projector).toMatchObject({
      label: "projectors/mlp1.safetensors",
      chat: undefined,
      absentShards: [],
      synthesized: undefined,
    });
    const weights = resolveProjectorWeights({ ...projector, config: TINY });
    expect(weights.linear1.weight).toMatchObject({ name: "1.weight", file: "mlp1.safetensors" });
  });

  it("opens a folder, with the chat config in it or without", async () => {
    const files = await chatFiles();
    const withConfig = await readProjector(memoryDirectory("chat", files));
    expect(withConfig).toMatchObject({ label: "chat", chat: CHAT, synthesized: { seed: 1 } });
    files.delete("config.json");
    const without = await readProjector(memoryDirectory("chat", files));
    expect(without.chat).toBeUndefined();
    expect(resolveProjectorWeights({ ...without, config: TINY }).norm.weight.shape).toEqual([32]);
  });

  it("says what is wrong with a file that is none", async () => {
    const tensors = await readAll((await chatFiles(lone)).get("model.safetensors")!);
    tensors.delete("3.weight");
    const directory = memoryDirectory(
      "p",
      new Map([
        ["part.safetensors", joinBytes(encodeSafetensors(tensors))],
        ["empty.safetensors", joinBytes(encodeSafetensors(new Map()))],
        ["text.safetensors", new TextEncoder().encode("not a tensor file at all")],
      ]),
    );
    const resolve = async (file: string) =>
      resolveProjectorWeights({ ...(await readProjector(directory, { file })), config: TINY });
    expect((await modelErrorOf(() => resolve("part.safetensors"))).message).toBe(
      "p/part.safetensors: the weights of the projector do not fit the config: missing tensors (1): 3.weight",
    );
    expect((await modelErrorOf(() => resolve("empty.safetensors"))).message).toMatch(
      /^p\/empty\.safetensors has no projector: /,
    );
    expect(await modelErrorOf(() => resolve("text.safetensors"))).toMatchObject({
      code: "malformed",
      subject: "p/text.safetensors",
    });
    expect(await modelErrorOf(() => resolve("other.safetensors"))).toMatchObject({
      code: "not-found",
      message: "there is no projector file p/other.safetensors",
    });
  });
});
