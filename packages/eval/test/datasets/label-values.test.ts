import {
  ade20kClasses,
  cocoStuffClasses,
  cocoStuffIds,
  findSegmentationProblems,
  KNOWN_SEGMENTATION_SET_NAMES,
  knownSegmentationSet,
  labelValues,
  reduceZeroLabel,
  toLabels,
} from "@internvit/eval";
import { describe, expect, it } from "vitest";

function problems(name: string, length: number): readonly string[] {
  return findSegmentationProblems({ name, length }, { split: "val" }).map(({ message }) => message);
}

describe("the values of label pictures", () => {
  it("become labels: classes in their order, others ignored", () => {
    const meaning = labelValues({ values: [1, 2, 7], ignored: [0, 255] });
    const stored = { width: 3, height: 2, values: Uint8Array.of(7, 1, 0, 255, 2, 1) };
    expect(toLabels(stored, { meaning, subject: "a.png" })).toEqual({
      width: 3,
      height: 2,
      data: Uint8Array.of(2, 0, 255, 255, 1, 0),
    });
  });

  it("are named where they mean nothing, also beyond a byte", () => {
    const meaning = labelValues({ values: [0, 1, 3], ignored: [255] });
    const stored = { width: 2, height: 3, values: Uint16Array.of(0, 1, 3, 2, 511, 2) };
    expect(() => toLabels(stored, { meaning, subject: "a.png" })).toThrow(
      "a.png: expected the values of 3 classes, 0 to 1, 3, or 255 for none, found 2, 511 in 3 pixels, first at column 1, row 1",
    );
    const one = { width: 1, height: 1, values: Uint8Array.of(9) };
    expect(() => toLabels(one, { meaning, subject: "a.png" })).toThrow("found 9 in 1 pixel, first");
  });

  it("mean one thing each, and no more than labels can hold", () => {
    const options = { subject: "a.png" };
    const values = Array.from({ length: 255 }, (_, i) => i);
    const meaning = labelValues({ values, ignored: [255] });
    const stored = { width: 256, height: 1, values: Uint8Array.from({ length: 256 }, (_, i) => i) };
    expect(toLabels(stored, { meaning, ...options }).data).toEqual(stored.values);
    for (const [values, ignored, message] of [
      [[], [255], "1 to 255 classes, found 0"],
      [Array.from({ length: 256 }, (_, i) => i), [300], "1 to 255 classes, found 256"],
      [[0, 1, 1], [255], "each once, found 1"],
      [[0, 255], [255], "each once, found 255"],
      [[0, 65_536], [255], "each once, found 65536"],
      [[0, 0.5], [255], "each once, found 0.5"],
    ] as const) {
      expect(() => labelValues({ values, ignored })).toThrow(message);
    }
  });

  it("of ADE20K are what reducing the zero label gives", () => {
    const values = ade20kClasses().map((_, label) => label + 1);
    const meaning = labelValues({ values, ignored: [0, 255] });
    const data = Uint8Array.from([...values, 0, 255]);
    const stored = { width: data.length, height: 1 };
    expect(toLabels({ ...stored, values: data }, { meaning, subject: "a.png" })).toEqual(
      reduceZeroLabel({ ...stored, data }),
    );
  });
});

describe("the known segmentation sets", () => {
  it("have the classes that were published, each once", () => {
    const ade = ade20kClasses();
    expect([ade.length, new Set(ade).size]).toEqual([150, 150]);
    expect([ade[0], ade[7], ade[44], ade[149]]).toEqual([
      "wall",
      "bed",
      "chest of drawers",
      "flag",
    ]);
    const coco = cocoStuffClasses();
    expect([coco.length, new Set(coco).size]).toEqual([171, 171]);
    expect([coco[0], coco[79], coco[80], coco[170]]).toEqual([
      "person",
      "toothbrush",
      "banner",
      "wood",
    ]);
  });

  it("number the classes of COCO-Stuff with gaps", () => {
    const ids = cocoStuffIds();
    expect(ids).toHaveLength(171);
    // Things end at 89, stuff begins at 91: id 90 is one of the eleven that do not occur.
    expect([ids[10], ids[11], ids[79], ids[80], ids[170]]).toEqual([10, 12, 89, 91, 181]);
  });

  it("have the number of pictures that was published", () => {
    const pictures = KNOWN_SEGMENTATION_SET_NAMES.map(
      (name) => knownSegmentationSet(name)!.pictures,
    );
    expect(pictures).toEqual([
      { train: 20_210, val: 2000 },
      { train: 118_287, val: 5000 },
    ]);
    expect(knownSegmentationSet("camvid")).toBeUndefined();
    expect(problems("ade20k", 2000)).toEqual([]);
    expect(problems("camvid", 3)).toEqual([]);
    expect(problems("coco-stuff-164k", 4999)).toEqual([
      "coco-stuff-164k: expected 5,000 pictures in val, found 4,999: 1 missing",
    ]);
  });
});
