import { describe, expect, it } from "vitest";

import { scatterVisualTokens, type Tensor } from "../../src/index.ts";
import { modelErrorOf } from "../model-error-of.ts";

const CONTEXT = 151_667;

function float32(shape: readonly number[], first: number): Tensor<"float32"> {
  const length = shape.reduce((product, size) => product * size, 1);
  return { dtype: "float32", shape, data: Float32Array.from({ length }, (_, i) => first + i) };
}

describe("scatterVisualTokens", () => {
  it("puts the visual tokens, tile by tile, at the context positions of all sequences", () => {
    const text = float32([2, 3, 2], 0);
    const visualTokens = float32([3, 1, 2], 100);
    const tokenIds = [1, CONTEXT, 2, CONTEXT, CONTEXT, 3];
    const before = Float32Array.from(text.data);
    const merged = scatterVisualTokens(text, { tokenIds, contextTokenId: CONTEXT, visualTokens });
    expect(merged.shape).toEqual([2, 3, 2]);
    expect([...merged.data]).toEqual([0, 1, 100, 101, 4, 5, 102, 103, 104, 105, 10, 11]);
    expect(text.data).toEqual(before);
  });

  it("takes the ids of an int64 tensor", () => {
    const tokenIds = BigInt64Array.from([7n, BigInt(CONTEXT)]);
    const visualTokens = float32([1, 1, 2], 100);
    const text = float32([2, 2], 0);
    const merged = scatterVisualTokens(text, { tokenIds, contextTokenId: CONTEXT, visualTokens });
    expect([...merged.data]).toEqual([0, 1, 100, 101]);
  });

  it("refuses another number of context positions than of visual tokens, and says both", async () => {
    for (const [tokenIds, found] of [
      [[1, 2, CONTEXT], 1],
      [[CONTEXT, CONTEXT, CONTEXT], 3],
      [[1, 2, 3], 0],
    ] as const) {
      const error = await modelErrorOf(() =>
        scatterVisualTokens(float32([1, 3, 4], 0), {
          tokenIds,
          contextTokenId: CONTEXT,
          visualTokens: float32([1, 2, 4], 0),
        }),
      );
      expect(error.code).toBe("mismatch");
      expect(error.message).toBe(
        `expected a position with token id ${CONTEXT} for each of the 2 visual tokens, found ${found}`,
      );
    }
  });

  it("refuses another width, other numbers of ids, and shapes that do not fit their data", async () => {
    const contextTokenId = CONTEXT;
    const tokenIds = [CONTEXT, CONTEXT];
    const text = float32([2, 4], 0);
    const width = await modelErrorOf(() =>
      scatterVisualTokens(text, { tokenIds, contextTokenId, visualTokens: float32([1, 2, 3], 0) }),
    );
    expect(width.code).toBe("mismatch");
    expect(width.message).toBe(
      "expected visual tokens as wide as the text embeddings (4), found a width of 3",
    );
    const ids = await modelErrorOf(() =>
      scatterVisualTokens(text, {
        tokenIds: [CONTEXT],
        contextTokenId,
        visualTokens: float32([1, 1, 4], 0),
      }),
    );
    expect(ids.message).toBe("expected one token id for each of the 2 text embeddings, found 1");
    const broken = { ...text, shape: [3, 4] };
    const data = await modelErrorOf(() =>
      scatterVisualTokens(broken, { tokenIds, contextTokenId, visualTokens: text }),
    );
    expect(data.message).toBe("expected 12 numbers in text embeddings of shape [3, 4], found 8");
    const flat = await modelErrorOf(() =>
      scatterVisualTokens(float32([8], 0), { tokenIds, contextTokenId, visualTokens: text }),
    );
    expect(flat.message).toBe(
      "expected text embeddings with a token axis and a width, found the shape [8]",
    );
  });
});
