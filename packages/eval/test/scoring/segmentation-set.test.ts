import {
  chooseExamples,
  createSegmentationScorer,
  createSegmentationSetScorer,
  IGNORED_LABEL,
  type LabelMap,
} from "@internvit/eval";
import { createRandom, type Random } from "@internvit/model-core";
import { describe, expect, test } from "vitest";

import { boundaryDistance, insides } from "../../src/scoring/boundary.ts";

const CLASSES = 5;

/** Rectangles of classes and of ignored pixels. */
function drawnMap(random: Random, { width, height, ignored = true }: Drawn): LabelMap {
  const upTo = (limit: number) => Math.floor(random.uniform() * limit);
  const data = new Uint8Array(width * height).fill(upTo(CLASSES));
  for (let at = 0; at < 6; at++) {
    const label = ignored && at === 3 ? IGNORED_LABEL : upTo(CLASSES - 1);
    const [left, top] = [upTo(width), upTo(height)];
    const [right, bottom] = [left + 1 + upTo(width - left), top + 1 + upTo(height - top)];
    for (let y = top; y < bottom; y++) data.fill(label, y * width + left, y * width + right);
  }
  return { width, height, data };
}
interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly ignored?: boolean;
}

/** Whether a pixel that is not of the class, or the outside, is at most `distance` away. */
function isBoundary(map: LabelMap, at: number, distance: number): boolean {
  const [x, y] = [at % map.width, Math.floor(at / map.width)];
  for (let row = y - distance; row <= y + distance; row++) {
    for (let column = x - distance; column <= x + distance; column++) {
      const outside = row < 0 || column < 0 || row >= map.height || column >= map.width;
      if (outside || map.data[row * map.width + column] !== map.data[at]) return true;
    }
  }
  return false;
}

const SIZES = [
  { width: 1, height: 1 },
  { width: 1, height: 9 },
  { width: 23, height: 1 },
  { width: 37, height: 29 },
  { width: 64, height: 48 },
];

describe("boundaries", () => {
  test.each(SIZES)("of $width x $height are those that are found one by one", (size) => {
    const random = createRandom(3, [size.width]);
    for (const distance of [1, 2, 3, 7, 20]) {
      const map = drawnMap(random, size);
      const inside = insides(map, distance);
      const expected = map.data.map((label, at) =>
        isBoundary(map, at, distance) ? IGNORED_LABEL : label,
      );
      expect(inside).toEqual(expected);
    }
  });

  test("reach 2 % of the diagonal, rounded to the even number, at least one pixel", () => {
    expect(boundaryDistance({ width: 3, height: 4 })).toBe(1);
    expect(boundaryDistance({ width: 75, height: 100 })).toBe(2);
    expect(boundaryDistance({ width: 640, height: 480 })).toBe(16);
  });

  test("intersections and unions are summed over the set", () => {
    const random = createRandom(4);
    const scorer = createSegmentationSetScorer({ classes: CLASSES });
    const both = Array.from({ length: CLASSES }, () => 0);
    const either = Array.from({ length: CLASSES }, () => 0);
    // The larger one has boundaries of two pixels.
    for (const size of [...SIZES, { width: 90, height: 70 }]) {
      const label = drawnMap(random, size);
      const prediction = drawnMap(random, { ...size, ignored: false });
      scorer.add(prediction, label);
      const distance = boundaryDistance(size);
      const hidden = prediction.data.map((each, at) =>
        label.data[at] === IGNORED_LABEL ? IGNORED_LABEL : each,
      );
      for (let at = 0; at < label.data.length; at++) {
        for (let c = 0; c < CLASSES; c++) {
          const has = (data: Uint8Array) =>
            data[at] === c && isBoundary({ ...size, data }, at, distance);
          const [first, second] = [has(label.data), has(hidden)];
          if (first && second) both[c]! += 1;
          if (first || second) either[c]! += 1;
        }
      }
    }
    const { perClass, boundaryIou } = scorer.score();
    expect(perClass.boundaryIou).toEqual(both.map((part, c) => part / either[c]!));
    const mean = both.reduce((sum, part, c) => sum + part / either[c]!, 0) / CLASSES;
    expect(boundaryIou).toBeCloseTo(mean, 14);
  });

  test("what is predicted where the truth is ignored has no say", () => {
    const label = drawnMap(createRandom(9), { width: 60, height: 40 });
    expect(label.data).toContain(IGNORED_LABEL);
    const data = label.data.map((each, at) => (each === IGNORED_LABEL ? at % CLASSES : each));
    const scorer = createSegmentationSetScorer({ classes: CLASSES });
    scorer.add({ ...label, data }, label);
    expect(scorer.score()).toMatchObject({ meanIou: 1, boundaryIou: 1, pixelAccuracy: 1 });
  });
});

describe("the scorer of a set", () => {
  const pairs = SIZES.map((size) => {
    const random = createRandom(6, [size.width]);
    return {
      label: drawnMap(random, size),
      prediction: drawnMap(random, { ...size, ignored: false }),
    };
  });

  test("counts pixels as the reference does, and says the mean IoU of each picture alone", () => {
    const whole = createSegmentationScorer({ classes: CLASSES });
    const scorer = createSegmentationSetScorer({ classes: CLASSES });
    for (const { prediction, label } of pairs) {
      const alone = createSegmentationScorer({ classes: CLASSES });
      alone.add(prediction.data, label.data);
      whole.add(prediction.data, label.data);
      expect(scorer.add(prediction, label).meanIou).toBe(alone.score().meanIou);
    }
    const { counts, iou, accuracy, ...means } = whole.score();
    const { intersection, predicted, labelled } = counts;
    expect(scorer.score()).toMatchObject({
      ...means,
      perClass: { iou, accuracy, intersection, predicted, labelled },
    });
  });

  test("goes on from a state that was stored, exactly", () => {
    const undisturbed = createSegmentationSetScorer({ classes: CLASSES });
    for (const { prediction, label } of pairs) undisturbed.add(prediction, label);
    const first = createSegmentationSetScorer({ classes: CLASSES });
    for (const { prediction, label } of pairs.slice(0, 2)) first.add(prediction, label);
    const stored = JSON.stringify(first.state());
    const second = createSegmentationSetScorer({ classes: CLASSES });
    second.add(pairs[4]!.prediction, pairs[4]!.label);
    second.restore(JSON.parse(stored) as ReturnType<typeof first.state>);
    for (const { prediction, label } of pairs.slice(2)) second.add(prediction, label);
    expect(second.score()).toEqual(undisturbed.score());
    expect(second.state()).toEqual(undisturbed.state());
  });

  test("a set without labelled pixels has no scores", () => {
    const label = { width: 4, height: 3, data: new Uint8Array(12).fill(IGNORED_LABEL) };
    const scorer = createSegmentationSetScorer({ classes: 2 });
    expect(scorer.add({ ...label, data: new Uint8Array(12) }, label)).toEqual({ meanIou: null });
    expect(scorer.score()).toMatchObject({
      meanIou: null,
      meanAccuracy: null,
      pixelAccuracy: null,
      boundaryIou: null,
    });
  });

  test("refuses other sizes, predictions that are no class and states of other classes", () => {
    const scorer = createSegmentationSetScorer({ classes: 2 });
    const map = { width: 4, height: 3, data: new Uint8Array(12) };
    const before = scorer.state();
    expect(() => scorer.add({ ...map, width: 3, height: 4 }, map)).toThrow("4x3 pixels");
    expect(() => scorer.add({ ...map, data: map.data.with(5, 2) }, map)).toThrow("below 2");
    expect(scorer.state()).toEqual(before);
    const other = createSegmentationSetScorer({ classes: 3 }).state();
    expect(() => scorer.restore(other)).toThrow('expected 2 counts of "intersection", found 3');
    const torn = { ...before, boundaries: { ...before.boundaries, labelled: [1, -1] } };
    expect(() => scorer.restore(torn)).toThrow('2 counts of "labelled"');
  });
});

describe("examples", () => {
  test("are the three worst, the three in the middle and the three best", () => {
    const meanIous = Float64Array.from({ length: 21 }, (_, at) => ((at * 8) % 21) / 21);
    const byScore = [...meanIous.keys()].sort((a, b) => meanIous[a]! - meanIous[b]!);
    const chosen = chooseExamples(meanIous);
    expect(chosen.map(({ index }) => index)).toEqual(
      [0, 1, 2, 9, 10, 11, 18, 19, 20].map((rank) => byScore[rank]),
    );
    expect(chosen.map(({ place }) => place[0]).join("")).toBe("wwwmmmbbb");
  });

  test("of equal pictures are those of lower index, and pictures without a score are passed over", () => {
    const chosen = chooseExamples([null, 0.5, 0.5, Number.NaN, 0.5, 0.5]);
    expect(chosen).toEqual([
      { index: 1, place: "worst" },
      { index: 2, place: "worst" },
      { index: 4, place: "median" },
      { index: 5, place: "best" },
    ]);
  });

  test.each([0, 1, 2, 3, 5, 8, 9, 10])("of %i pictures name none twice", (count) => {
    const chosen = chooseExamples(new Float32Array(count));
    expect(new Set(chosen.map(({ index }) => index)).size).toBe(chosen.length);
    expect(chosen).toHaveLength(Math.min(9, count));
  });
});
