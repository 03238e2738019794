// 10,000 damaged checkpoints from one seed: bytes flipped, cut and spliced, lengths and offsets replaced, JSON values
// swapped for unlikely ones. Whatever comes out must be a checkpoint or a ModelError, at once and in little memory.
// A failing case is run again by its number.

import { createRandom, type Random } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";
import { memoryDirectory } from "../../src/checkpoint/directory.ts";
import {
  matchEncoderTensors,
  resolveEncoderWeights,
} from "../../src/checkpoint/match-encoder-tensors.ts";
import { readCheckpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { isModelError } from "../../src/errors.ts";
import { readTensor } from "../../src/safetensors/read.ts";
import { encodeSafetensors } from "../../src/safetensors/write.ts";
import { jsonBytes, readAll, tinyFiles } from "./tiny-checkpoint.ts";
import { joinBytes } from "../join-bytes.ts";

const SEED = 20_260_101;
const CASES = 10_000;
/** Per case; a damaged file of 10 KB takes below a millisecond, and a stalled machine is not a hang. */
const SLOWEST_MS = 2000;

/** Values that parsers trip over, as JSON text so that duplicates and __proto__ survive. */
const UNLIKELY = [
  "0",
  "-0",
  "-1",
  "1",
  "1.5",
  "1e308",
  "1e999",
  "9007199254740991",
  "9007199254740992",
  "18446744073709551615",
  "4294967296",
  "null",
  "true",
  "[]",
  "{}",
  "[0]",
  "[0,0]",
  "[[[[]]]]",
  '""',
  '"NaN"',
  '"-1"',
  '"__proto__"',
  '"constructor"',
  '"../../etc/passwd"',
  '"F32"',
  '"F64"',
  '"BF16"',
  '"F8_E4M3"',
  '"\\u0000"',
  '"\\ud800"',
  '{"__proto__":{"dtype":"F32"}}',
  '{"__proto__":null}',
  '{"length":3}',
  `"${"x".repeat(5000)}"`,
  `${"[".repeat(5000)}${"]".repeat(5000)}`,
  `[${"1,".repeat(5000)}1]`,
];

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flipBytes(bytes, random) {
    const copy = bytes.slice();
    for (let n = random.below(8) + 1; n > 0; n--)
      copy[headerIndex(copy, random)] = random.below(256);
    return copy;
  },
  flipBits(bytes, random) {
    const copy = bytes.slice();
    copy[headerIndex(copy, random)]! ^= 1 << random.below(8);
    return copy;
  },
  truncate(bytes, random) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  append(bytes, random) {
    return joinBytes([bytes, new Uint8Array(random.below(64) + 1).fill(random.below(256))]);
  },
  splice(bytes, random) {
    const from = headerIndex(bytes, random);
    const to = headerIndex(bytes, random);
    const length = random.below(64);
    return joinBytes([
      bytes.subarray(0, to),
      bytes.subarray(from, from + length),
      bytes.subarray(to + random.below(64)),
    ]);
  },
  length(bytes, random) {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    if (copy.length < 8) return copy;
    const near = view.getUint32(0, true) + random.below(33) - 16;
    view.setUint32(
      0,
      random.pick([near, 0, 1, 8, copy.length, 100_000_000, 100_000_001, 0x7fffffff, 0xffffffff]),
      true,
    );
    view.setUint32(4, random.pick([0, 0, 0, 1, 0x80000000, 0xffffffff]), true);
    return copy;
  },
};

/** Mostly inside the header, where bytes have a meaning. */
function headerIndex(bytes: Uint8Array, random: Random): number {
  return random.below(
    random.below(4) === 0 ? Math.max(bytes.length, 1) : Math.min(bytes.length, 4000) || 1,
  );
}

/** Replaces one JSON value, key or number anywhere in the text. */
function mutateJson(text: string, random: Random): string {
  const tokens = [
    ...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|true|false|null|\[[^[\]]*\]|\{[^{}]*\}/g),
  ];
  if (tokens.length === 0) return text;
  const token = random.pick(tokens);
  const replacement = random.pick([...UNLIKELY, token[0] + token[0], "", random.pick(tokens)[0]]);
  return text.slice(0, token.index) + replacement + text.slice(token.index + token[0].length);
}

function mutateHeaderJson(file: Uint8Array, random: Random): Uint8Array {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const text = new TextDecoder().decode(file.subarray(8, 8 + length));
  const json = new TextEncoder().encode(mutateJson(text, random));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setUint32(0, json.byteLength, true);
  return joinBytes([prefix, json, file.subarray(8 + length)]);
}

function mutateFile(name: string, bytes: Uint8Array, random: Random): Uint8Array {
  if (random.below(2) === 0) {
    if (!name.endsWith(".json")) return mutateHeaderJson(bytes, random);
    return new TextEncoder().encode(mutateJson(new TextDecoder().decode(bytes), random));
  }
  return MUTATIONS[random.pick(Object.keys(MUTATIONS))]!(bytes, random);
}

async function bases(): Promise<readonly ReadonlyMap<string, Uint8Array>[]> {
  const single = tinyFiles();
  const tensors = [...(await readAll(single.get("model.safetensors")!))];
  const sharded = new Map(single);
  sharded.delete("model.safetensors");
  const weightMap: Record<string, string> = {};
  for (const shard of ["a.safetensors", "b.safetensors"]) {
    const part = tensors.filter((_, index) => (index % 2 === 0) === (shard === "a.safetensors"));
    for (const [name] of part) weightMap[name] = shard;
    sharded.set(shard, joinBytes(encodeSafetensors(new Map(part))));
  }
  sharded.set("model.safetensors.index.json", jsonBytes({ metadata: {}, weight_map: weightMap }));
  const inner = JSON.parse(new TextDecoder().decode(single.get("config.json"))) as unknown;
  const chat = new Map(sharded);
  chat.set("config.json", jsonBytes({ model_type: "internvl_chat", vision_config: inner }));
  const native = new Map(single);
  native.set(
    "config.json",
    jsonBytes({
      model_type: "internvl_vision",
      image_size: [28, 28],
      patch_size: [14, 14],
      hidden_size: 8,
      num_attention_heads: 2,
    }),
  );
  return [single, sharded, chat, native];
}

describe("damaged checkpoints", () => {
  it(`give a ModelError or a checkpoint: ${CASES} cases`, async () => {
    const starts = await bases();
    const outcomes = new Map<string, number>();
    let slowest = 0;
    for (let index = 0; index < CASES; index++) {
      const random = createRandom(SEED + index);
      const files = new Map(random.pick(starts));
      for (let n = random.below(2) + 1; n > 0; n--) {
        const name = random.pick([...files.keys()]);
        if (random.below(50) === 0) files.delete(name);
        else files.set(name, mutateFile(name, files.get(name)!, random));
      }
      const start = performance.now();
      const outcome = await openEverything(files).catch((error: unknown) => {
        if (isModelError(error) && error.message.length < 5000) return error.code;
        throw new Error(`case ${index}`, { cause: error });
      });
      slowest = Math.max(slowest, performance.now() - start);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect(slowest).toBeLessThan(SLOWEST_MS);
    // The damage must reach past the first check, and leave some files good.
    const rare = ["opened", "malformed", "mismatch", "unsupported", "not-found"].filter(
      (outcome) => (outcomes.get(outcome) ?? 0) < 20,
    );
    expect(rare).toEqual([]);
  });
});

/** Opens a checkpoint and reads every tensor of it, as all that trusts the parsed places does. */
async function openEverything(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const checkpoint = await readCheckpoint(memoryDirectory("fuzz", files));
  matchEncoderTensors(checkpoint);
  for (const entry of checkpoint.tensors.values()) {
    if (entry.dtype === undefined) continue;
    const tensor = await readTensor(checkpoint.files.get(entry.file)!, entry);
    expect(tensor.data.byteLength).toBe(entry.byteLength);
  }
  resolveEncoderWeights(checkpoint);
  return "opened";
}
