import { type ExamplePictures, segmentationHtmlReport } from "@internvit/eval";
import { expect, test } from "vitest";

import { reportSegmentation, sampleSegmentation } from "./sample-segmentation.ts";

const PICTURE = "data:image/png;base64,iVBORw0KGgo=";
const result = await sampleSegmentation({ unreadableEvery: 5 });
const pictures = (change: Partial<ExamplePictures> = {}) =>
  new Map(
    result.val.examples.map(({ index }): [number, ExamplePictures] => [
      index,
      {
        input: PICTURE,
        truth: PICTURE,
        prediction: PICTURE,
        errors: PICTURE,
        labels: [0, 3],
        hasIgnored: true,
        ...change,
      },
    ]),
  );

test("is one file that asks for nothing", () => {
  const page = segmentationHtmlReport(result, { pictures: pictures() });
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  expect(page).not.toMatch(/<script|<link|https?:|@import|url\((?!#)/);
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
});

test("shows scores, curves, every class that occurs with its numbers, and what could not be read", () => {
  const page = segmentationHtmlReport(result);
  const { perClass, meanIou } = result.val.scores[0]!;
  expect(page).toContain((100 * meanIou!).toFixed(2));
  expect(page).toContain("training loss: ends at");
  expect(page).toContain("mIoU of camvid");
  for (const iou of perClass.iou.slice(0, 10)) expect(page).toContain((100 * iou!).toFixed(2));
  expect(page).toContain("1 of 11 classes");
  expect(page).toContain("scene-4.png: the PNG is cut off");
  expect(page).toContain("Warning:");
});

test("the published number stands beside that of the published model alone", async () => {
  const published = await reportSegmentation({ base: "report-linear", set: "ade20k" });
  expect(segmentationHtmlReport(published)).toContain("<td>39.4</td>");
  expect(segmentationHtmlReport(result)).not.toContain("published</th>");
});

test("shows worst, median and best with four pictures each and a legend of the classes in them", () => {
  const page = segmentationHtmlReport(result, { pictures: pictures() });
  expect(page.match(/<img /g)).toHaveLength(4 * result.val.examples.length);
  for (const text of ["Worst", "Around the median", "Best"]) expect(page).toContain(`<h3>${text}`);
  const [, legend] = page.match(/<ul class="legend">\s*<li><span[^]*?<\/ul>/g)!;
  expect(legend).toContain("sky");
  expect(legend).toContain("road");
  expect(legend).not.toContain("pole");
  expect(legend).toContain("not labelled");
});

test("a picture that cannot be decoded is said to be missing, and the others keep their places", () => {
  const page = segmentationHtmlReport(result, { pictures: pictures({ input: null }) });
  expect(page.match(/<img /g)).toHaveLength(3 * result.val.examples.length);
  expect(page.match(/cannot be shown/g)).toHaveLength(result.val.examples.length);
});

test("without the set there are predictions alone, and without pictures their names", () => {
  const alone = pictures({ input: null, truth: null, errors: null });
  expect(segmentationHtmlReport(result, { pictures: alone }).match(/<img /g)).toHaveLength(
    result.val.examples.length,
  );
  const page = segmentationHtmlReport(result);
  expect(page).not.toContain("<img ");
  for (const { key } of result.val.examples) expect(page).toContain(key);
});

test("what is in a result cannot become markup, and an address that is no picture is left out", async () => {
  const evil = '"><script>alert(1)</script>';
  const classes = result.val.classes.with(0, evil).with(3, "'b' & c");
  const sample = await sampleSegmentation({ name: evil, classes });
  const page = segmentationHtmlReport(
    { ...sample, model: { ...sample.model, name: evil }, warnings: [evil] },
    { pictures: pictures({ truth: "https://example.com/a.png", errors: `${PICTURE}" onload="x` }) },
  );
  expect(page).not.toMatch(/<script|example\.com|onload/);
  expect(page).toContain("&#39;b&#39; &amp; c");
});
