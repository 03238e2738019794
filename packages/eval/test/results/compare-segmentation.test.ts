import { compareSegmentation, segmentationComparisonText } from "@internvit/eval";
import { expect, test } from "vitest";

import { sampleSegmentation } from "./sample-segmentation.ts";

const first = await sampleSegmentation();
const second = await sampleSegmentation({ shift: 3 }, { seed: 4 });

test("equal results differ in nothing", () => {
  const { differences, samePictures, scores, classes, onlyFirst } = compareSegmentation(
    first,
    first,
  );
  expect({ differences, samePictures, onlyFirst }).toEqual({
    differences: [],
    samePictures: true,
    onlyFirst: [],
  });
  expect(scores.meanIou.difference).toBe(0);
  expect(classes.map(({ iou }) => iou.difference)).toEqual([...Array(10).fill(0), null]);
});

test("classes whose IoU differs most come first, and absent ones last", () => {
  const { scores, classes, differences } = compareSegmentation(first, second);
  expect(differences).toEqual([{ field: "seed", first: 0, second: 4 }]);
  const [one, other] = [first, second].map(({ val }) => 100 * val.scores[0]!.meanIou!);
  expect(scores.meanIou).toEqual({ first: one, second: other, difference: other! - one! });
  const gaps = classes.slice(0, -1).map(({ iou }) => Math.abs(iou.difference!));
  expect(gaps).toEqual(gaps.toSorted((a, b) => b - a));
  expect(classes.at(-1)).toMatchObject({ name: "bicyclist", iou: { difference: null } });
});

test("classes are found by name, and those of one alone are named", () => {
  const { val } = second;
  const classes = val.classes.with(0, "heaven");
  const data = { ...val.data, listHash: "0".repeat(64) };
  const compared = compareSegmentation(first, { ...second, val: { ...val, classes, data } });
  expect(compared).toMatchObject({
    samePictures: false,
    onlyFirst: ["sky"],
    onlySecond: ["heaven"],
  });
  expect(compared.classes).toHaveLength(10);
  expect(segmentationComparisonText(compared, { names: ["a", "b"] })).toContain(
    "The scored pictures are others",
  );
});

test("the text shows scores, classes and what differs", () => {
  const text = segmentationComparisonText(compareSegmentation(first, second), {
    names: ["a.json", "b.json"],
  });
  expect(text).toMatchInlineSnapshot(`
    "first:  a.json
    second: b.json

    %             first  second  difference
    ------------  -----  ------  ----------
    mIoU          46.88   75.61      +28.72
    mAcc          61.61   85.36      +23.75
    aAcc          73.38   89.94      +16.57
    boundary IoU  22.41   39.03      +16.62

    class, IoU %  first  second  difference  accuracy  boundary IoU
    ------------  -----  ------  ----------  --------  ------------
    pedestrian    25.73   63.07      +37.34    +38.24        +13.00
    fence         32.21   67.36      +35.15    +34.05         +7.04
    sign          43.00   77.46      +34.45    +26.49        +25.08
    car           41.01   72.03      +31.02    +25.02        +22.09
    tree          46.57   76.81      +30.24    +24.89        +24.44
    pavement      36.80   66.32      +29.52    +27.94        +15.41
    building      48.89   77.34      +28.45    +22.27        +16.43
    pole          52.77   79.02      +26.24    +19.08        +15.00
    road          67.21   87.21      +19.99    +17.27        +15.59
    sky           74.63   89.46      +14.83     +2.30        +12.07
    bicyclist         –       –           –         –             –

    What differs:
      seed: 0 → 4"
  `);
});
