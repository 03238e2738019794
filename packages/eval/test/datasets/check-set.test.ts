import { findSetProblems, knownSet } from "@internvit/eval";
import { describe, expect, it } from "vitest";

/** The numbers of a known set as it was published, val. */
function whole(name: "imagenet-1k" | "imagenet-v2" | "imagenet-a") {
  const { classes, pictures, scored } = knownSet(name)!;
  const length = pictures.val!;
  const each = Math.floor(length / classes.length);
  return { name, classes, length, scored, classCounts: classes.map(() => each) };
}

describe("a set by its numbers", () => {
  it("has no problems when it is whole", () => {
    for (const name of ["imagenet-1k", "imagenet-v2", "imagenet-a"] as const) {
      expect(findSetProblems(whole(name), { split: "val" })).toEqual([]);
    }
    const mine = { name: "pets", classes: ["a", "b"], length: 3, scored: 3, classCounts: [1, 2] };
    expect(findSetProblems(mine, { split: "val" })).toEqual([]);
  });

  it("lacks pictures, or has too many", () => {
    const set = whole("imagenet-a");
    const [missing] = findSetProblems({ ...set, length: 7498 }, { split: "val" });
    expect(missing).toMatchObject({
      code: "wrong-count",
      message: "imagenet-a: expected 7,500 pictures in val, found 7,498: 2 missing",
    });
    const [many] = findSetProblems({ ...set, length: 7501 }, { split: "val" });
    expect(many!.message).toContain("1 too many");
    const real = { ...whole("imagenet-1k"), name: "imagenet-real", scored: 46_836 };
    const [unlabelled] = findSetProblems(real, { split: "val" });
    expect(unlabelled!.message).toContain("labels for 46,837 pictures, found them for 46,836");
  });

  it("has classes without pictures", () => {
    const mine = { name: "pets", classes: ["cat", "dog"], length: 3, scored: 3 };
    expect(findSetProblems({ ...mine, classCounts: [3, 0] }, { split: "val" })).toEqual([
      {
        code: "empty-class",
        message: "pets: 1 class has no pictures in val: dog",
        classes: ["dog"],
      },
    ]);
    const many = Array.from({ length: 9 }, (_, i) => `c${i}`);
    const [problem] = findSetProblems(
      { ...mine, classes: many, classCounts: many.map((_, i) => (i === 0 ? 3 : 0)) },
      { split: "train" },
    );
    expect(problem!.message).toBe(
      "pets: 8 of 9 classes have no pictures in train: c1, c2, c3, c4, c5 and 3 more",
    );
  });

  it("has wrong labels where every class should have the same number of pictures", () => {
    const set = whole("imagenet-1k");
    const classCounts = set.classCounts.with(3, 51).with(4, 49);
    const [problem] = findSetProblems({ ...set, classCounts }, { split: "val" });
    expect(problem).toMatchObject({
      code: "uneven-classes",
      classes: [set.classes[3], set.classes[4]],
    });
  });
});
