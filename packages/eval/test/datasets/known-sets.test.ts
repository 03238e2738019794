import { imagenetWnids, KNOWN_SET_NAMES, knownSet } from "@internvit/eval";
import { describe, expect, it } from "vitest";

describe("the ImageNet-1K classes", () => {
  it("are 1000 WordNet ids, sorted, each once", () => {
    const wnids = imagenetWnids();
    expect(wnids).toHaveLength(1000);
    expect(wnids.every((wnid) => /^n\d{8}$/.test(wnid))).toBe(true);
    expect(wnids).toEqual([...new Set(wnids)].toSorted());
  });

  it("have their published labels", () => {
    const wnids = imagenetWnids();
    expect([wnids[0], wnids[65], wnids[999]]).toEqual(["n01440764", "n01751748", "n15075141"]);
  });
});

describe("known sets", () => {
  it("have the published numbers of pictures", () => {
    const counts = KNOWN_SET_NAMES.map((name) => {
      const { pictures, scored } = knownSet(name)!;
      return [pictures.train, pictures.val, scored];
    });
    expect(counts).toEqual([
      [1_281_167, 50_000, 50_000],
      [undefined, 50_000, 46_837],
      [undefined, 10_000, 10_000],
      [undefined, 7500, 7500],
      [undefined, 30_000, 30_000],
      [undefined, 50_889, 50_889],
    ]);
  });

  it("ImageNet-A and ImageNet-R have 200 ascending columns each and share 86", () => {
    const [a, r] = (["imagenet-a", "imagenet-r"] as const).map((name) => knownSet(name)!.columns!);
    for (const columns of [a!, r!]) {
      expect(columns).toHaveLength(200);
      expect(columns).toEqual([...new Set(columns)].toSorted((x, y) => x - y));
      expect(columns.at(-1)).toBe(988);
    }
    expect(a!.filter((column) => r!.includes(column))).toHaveLength(86);
    const wnids = imagenetWnids();
    expect(knownSet("imagenet-a")!.classes).toEqual(a!.map((column) => wnids[column]));
  });

  it("are known by their names alone", () => {
    expect(knownSet("imagenet")).toBeUndefined();
    expect(knownSet("toString")).toBeUndefined();
  });
});
