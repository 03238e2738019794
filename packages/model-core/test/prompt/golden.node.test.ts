import { createHash } from "node:crypto";

import { readGoldenJson } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { chatPrompt, lossWeight, type LossReduction, type PromptPlan } from "../../src/index.ts";

interface GoldenCase {
  readonly kind: string;
  readonly tiles: readonly number[];
  readonly system: string;
  readonly turns: readonly (readonly ["human" | "gpt", string])[];
  readonly text_short: string;
  readonly text_sha256: string;
  readonly length: number;
  readonly trained: number;
  readonly id_runs: readonly (readonly [number, number])[];
  readonly trained_runs: readonly (readonly [number, number])[];
}

interface Reduced {
  readonly weights_by_sample: readonly number[];
  readonly loss: number;
}

interface GoldenPack extends Readonly<Record<LossReduction, Reduced>> {
  readonly trained_counts: readonly number[];
  readonly trained: readonly (0 | 1)[];
  readonly token_loss: readonly number[];
}

const golden = readGoldenJson<{
  special_ids: Record<string, number>;
  tokens_per_tile: number;
  cases: GoldenCase[];
  loss_weights: GoldenPack[];
}>("probes", "prompts.json");

/** The golden's tokenizer: a special token's id, else one id a character. */
function tokenize(text: string): number[] {
  const ids: number[] = [];
  const names = Object.keys(golden.special_ids);
  for (let at = 0; at < text.length;) {
    const special = names.find((name) => text.startsWith(name, at));
    ids.push(special === undefined ? text.codePointAt(at)! : golden.special_ids[special]!);
    at +=
      special === undefined ? String.fromCodePoint(text.codePointAt(at)!).length : special.length;
  }
  return ids;
}

function runs(values: readonly number[]): [number, number][] {
  const result: [number, number][] = [];
  for (const value of values) {
    const last = result.at(-1);
    if (last !== undefined && last[0] === value) last[1]++;
    else result.push([value, 1]);
  }
  return result;
}

function planOf({ kind, tiles }: GoldenCase): PromptPlan {
  let end = 0;
  const pictures = tiles.map((count) => {
    const start = end;
    end += count * golden.tokens_per_tile;
    return { tokens: { start, end } };
  });
  return { kind: kind === "video" ? "video" : "images", pictures };
}

describe("golden prompts", () => {
  it.each(golden.cases)("$kind with tiles $tiles is the reference's prompt", (example) => {
    const turns = example.turns.map(
      ([role, text]) => ({ role: role === "human" ? "user" : "assistant", text }) as const,
    );
    const { system } = example;
    const { text, segments } = chatPrompt(turns, { system, plan: planOf(example) });
    const short = text.replaceAll(
      /(?:<IMG_CONTEXT>)+/g,
      (all) => `{IMG_CONTEXT*${all.length / "<IMG_CONTEXT>".length}}`,
    );
    expect(short).toBe(example.text_short);
    expect(createHash("sha256").update(text).digest("hex")).toBe(example.text_sha256);

    const pieces = segments.map((segment) => ({ ...segment, ids: tokenize(segment.text) }));
    const ids = pieces.flatMap((piece) => piece.ids);
    const trained = pieces.flatMap((piece) => piece.ids.map(() => Number(piece.trained)));
    expect(ids).toEqual(tokenize(text));
    expect(ids.length).toBe(example.length);
    expect(runs(ids)).toEqual(example.id_runs);
    expect(runs(trained)).toEqual(example.trained_runs);
    expect(trained.filter((flag) => flag === 1).length).toBe(example.trained);
  });
});

describe("golden loss weights", () => {
  const reductions = ["token", "sample", "square"] as const;

  it.each(golden.loss_weights.flatMap((pack) => reductions.map((name) => ({ name, pack }))))(
    "a pack of $pack.trained_counts trained tokens, $name",
    ({ name, pack }) => {
      const expected = pack[name];
      const weights = pack.trained_counts.map((count) => lossWeight(count, name));
      for (const [sample, weight] of weights.entries()) {
        expect(Math.abs(weight - expected.weights_by_sample[sample]!)).toBeLessThan(1e-9);
      }
      // The trained tokens stand sample by sample.
      const perTrained = pack.trained_counts.flatMap((count, sample) =>
        Array<number>(count).fill(weights[sample]!),
      );
      let [weighted, total, next] = [0, 0, 0];
      for (const [position, trained] of pack.trained.entries()) {
        if (trained === 0) continue;
        const weight = perTrained[next++]!;
        weighted += weight * pack.token_loss[position]!;
        total += weight;
      }
      expect(next).toBe(perTrained.length);
      expect(Math.abs(weighted / total - expected.loss)).toBeLessThan(1e-9);
    },
  );
});
