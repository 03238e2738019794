// Losses against numbers of PyTorch's float64 cross_entropy (2.13), computed by the test-kit's interpreter.

import { createGraphBuilder, type GraphBuilder, type Value } from "@internvit/model-core";
import { interpret } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { crossEntropy, nextTokenLoss, softCrossEntropy } from "../../src/index.ts";

const LOGITS = [1, 2, -1, 0, 0.5, 3, 100, -100, 0, 0, 0, 0, 2, 2, 1, -1, -2, -3];

/** The loss of logits [2, 3, 3], classes last. */
function lossOf(
  feeds: Readonly<Record<string, readonly number[]>>,
  build: (graph: GraphBuilder, logits: Value, feed: (name: string) => Value) => Value,
): number {
  const graph = createGraphBuilder();
  const declared = new Map<string, Value>([
    ["logits", graph.input("logits", "float32", [2, 3, 3])],
    ["labels", graph.input("labels", "int64", [2, 3])],
    ["weights", graph.input("weights", "float32", [2, 3])],
    ["targets", graph.input("targets", "float32", [2, 3, 3])],
  ]);
  graph.output(
    "loss",
    build(graph, declared.get("logits")!, (name) => declared.get(name)!),
  );
  const given = Object.entries({ logits: LOGITS, ...feeds }).map(
    ([name, data]) =>
      [
        name,
        { shape: declared.get(name)!.shape.map(Number), data: Float64Array.from(data) },
      ] as const,
  );
  return interpret(graph.finish("loss").graph, new Map(given)).get("loss")!.data[0]!;
}

describe("cross-entropy", () => {
  const labels = [1, -100, 0, 2, 0, -100];

  test.each([
    ["kept", 0, 0.57740483],
    ["all", 0, 0.38493655],
    ["kept", 0.1, 3.11907149],
    ["all", 0.1, 2.079381],
  ] as const)(
    "averages over %s labels with smoothing %d as PyTorch",
    (average, smoothing, expected) => {
      const loss = lossOf({ labels }, (graph, logits, feed) =>
        crossEntropy(graph, logits, { labels: feed("labels"), axis: 2, average, smoothing }),
      );
      expect(loss).toBeCloseTo(expected, 6);
    },
  );

  test("is 0 where all labels are ignored", () => {
    const ignored = [255, 255, 255, 255, 255, 255];
    for (const average of ["kept", "all"] as const) {
      const loss = lossOf({ labels: ignored }, (graph, logits, feed) =>
        crossEntropy(graph, logits, { labels: feed("labels"), axis: 2, average }),
      );
      expect(Math.abs(loss)).toBe(0);
    }
  });

  test("of distributions that are one-hot is that of labels", () => {
    const hard = lossOf({ labels: [1, 0, 2, 2, 1, 0] }, (graph, logits, feed) =>
      crossEntropy(graph, logits, { labels: feed("labels"), axis: 2 }),
    );
    const targets = [1, 0, 2, 2, 1, 0].flatMap((label) =>
      [0, 1, 2].map((at) => Number(at === label)),
    );
    const soft = lossOf({ targets }, (graph, logits, feed) =>
      softCrossEntropy(graph, logits, { targets: feed("targets"), axis: 2 }),
    );
    expect(soft).toBeCloseTo(hard, 5);
  });

  test("refuses labels and targets of another shape and a smoothing of 1", () => {
    expect(() =>
      lossOf({}, (graph, logits, feed) =>
        crossEntropy(graph, logits, { labels: feed("labels"), axis: 2, smoothing: 1 }),
      ),
    ).toThrow(/smoothing: expected a number in \[0, 1\), got 1/);
    expect(() =>
      lossOf({}, (graph, logits, feed) =>
        softCrossEntropy(graph, logits, { targets: feed("labels") }),
      ),
    ).toThrow(/labels: logits \[2, 3, 3\] need \[2, 3, 3\], got \[2, 3\]/);
  });
});

describe("next-token loss", () => {
  test("weighs the tokens that are predicted", () => {
    const feeds = { labels: [0, 2, 1, 1, 0, 2], weights: [0, 0.5, 1, 9, 2, 0] };
    const loss = lossOf(feeds, (graph, logits, feed) =>
      nextTokenLoss(graph, logits, { labels: feed("labels"), weights: feed("weights") }),
    );
    expect(loss).toBeCloseTo(1.85588676, 6);
  });

  test("is 0 where no token is trained", () => {
    const feeds = { labels: [0, 2, 1, 1, 0, 2], weights: [1, 0, 0, 1, 0, 0] };
    const loss = lossOf(feeds, (graph, logits, feed) =>
      nextTokenLoss(graph, logits, { labels: feed("labels"), weights: feed("weights") }),
    );
    expect(Math.abs(loss)).toBe(0);
  });
});
