// The loop of `tokens`: picture after picture through the encoder into the result file.

import { featureOf, ModelError, type VisionEncoder } from "@internvit/model-core";

import type { Report } from "../events.ts";
import type { VisualInput } from "../pictures/visual-input.ts";
import type { ResultFile } from "../results/result-file.ts";

/** What `encodeTokens` did. */
export interface EncodedTokens {
  /** [tiles, tokens per tile, hidden] of everything. */
  readonly shape: readonly number[];
  /** Milliseconds, decoding and writing included. */
  readonly milliseconds: number;
}

/** Encodes every picture and appends its visual tokens; the result file stays to be finished. */
export async function encodeTokens(
  input: VisualInput,
  options: {
    readonly encoder: VisionEncoder;
    readonly result: ResultFile;
    readonly report: Report;
    readonly signal: AbortSignal;
  },
): Promise<EncodedTokens> {
  const { encoder, result, report, signal } = options;
  const begin = performance.now();
  let shape: readonly number[] = [];
  let done = 0;
  for await (const { index, pixels } of input.pixels()) {
    const { label, tiles } = input.pictures[index] as VisualInput["pictures"][number];
    const { tokens } = input.plan.pictures[index] as VisualInput["plan"]["pictures"][number];
    const features = await encoder.encode(pixels, { signal });
    const visual = featureOf(features, "visual_tokens");
    const [rows = 0, perTile = 0] = visual.shape;
    if (rows !== tiles || rows * perTile !== tokens.end - tokens.start) {
      throw new ModelError(
        "mismatch",
        `${label}: the plan says ${tiles} tiles and ${tokens.end - tokens.start} tokens, the encoder gave [${visual.shape.join(", ")}]`,
      );
    }
    const sources = Array.from({ length: tiles }, (_, tile) => `${label}[${tile}]`);
    await result.append(new Map([["visual_tokens", visual]]), sources);
    done += tiles;
    shape = [done, ...visual.shape.slice(1)];
    const total = input.tileCount;
    report({ event: "progress", stage: "encode", done, total, unit: "tiles", file: label });
  }
  return { shape, milliseconds: performance.now() - begin };
}
