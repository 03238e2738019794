// Golden sliding windows: where they lie, the average of their logits, its resize to the picture's own size and the
// labels. Logits: 1e-5, as the manifest recommends.

import { float32Golden, readGoldenJson, readGoldenTensors } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { pickLargest } from "../../src/inference/class-rows.ts";
import { logitRows, type WindowMaps } from "../../src/inference/logit-rows.ts";
import { windowSpans } from "../../src/inference/window-spans.ts";

interface Windows {
  readonly height: number;
  readonly width: number;
  readonly crop: number;
  readonly stride: number;
}
interface Slide extends Windows {
  readonly original: readonly [height: number, width: number];
  readonly tolerance_abs: number;
}
const golden = readGoldenJson<{
  readonly windows: readonly (Windows & { rows: number[][]; columns: number[][] })[];
  readonly slide: readonly Slide[];
}>("probes", "scoring.json");
const tensors = readGoldenTensors("probes", "scoring.safetensors");

test.each(golden.windows)("golden windows of $height × $width", (windows) => {
  expect(windowSpans(windows.height, windows)).toEqual(windows.rows);
  expect(windowSpans(windows.width, windows)).toEqual(windows.columns);
});

const slides = golden.slide.map((slide, at) => ({ ...slide, at }));

test.each(slides)(
  "golden sliding windows of $height × $width",
  ({ at, tolerance_abs, ...slide }) => {
    const windows = windowsOf(at, slide);
    const { height, width, original } = slide;
    for (const [name, size] of [
      ["averaged", { height, width }],
      ["resized", { height: original[0], width: original[1] }],
    ] as const) {
      const rows = logitRows(windows, size);
      const expected = float32Golden(tensors, `slide.${at}.${name}`).data;
      expect(expected.length).toBe(windows.classes * size.height * size.width);
      let far = 0;
      for (let y = 0; y < size.height; y++) {
        rows.read(y).forEach((value, i) => {
          const [x, label] = [Math.floor(i / windows.classes), i % windows.classes];
          const found = expected[(label * size.height + y) * size.width + x]!;
          far = Math.max(far, Math.abs(value - found));
        });
      }
      expect(far, name).toBeLessThanOrEqual(tolerance_abs);
    }
  },
);

test.each(slides)("golden labels of $original pixels", ({ at, ...slide }) => {
  const { classes, ...windows } = windowsOf(at, slide);
  const [height, width] = slide.original;
  const rows = logitRows({ classes, ...windows }, { height, width });
  const found = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    pickLargest(rows.read(y), { classes, labels: found.subarray(y * width, (y + 1) * width) });
  }
  expect(found).toEqual(tensors.get(`slide.${at}.argmax`)!.data);
});

/** Golden logits [windows, classes, rows, columns] as the windows' maps. */
function windowsOf(at: number, { height, width, ...options }: Windows): WindowMaps {
  const { shape, data } = float32Golden(tensors, `slide.${at}.window_logits`);
  const [count = 0, classes = 0, rows = 0, columns = 0] = shape;
  const pixels = rows * columns;
  const maps = Array.from({ length: count }, (_, window) =>
    Float32Array.from({ length: classes * pixels }, (_value, i) => {
      const [pixel, label] = [Math.floor(i / classes), i % classes];
      return data[(window * classes + label) * pixels + pixel]!;
    }),
  );
  const [down, across] = [windowSpans(height, options), windowSpans(width, options)];
  return { classes, rows: down, columns: across, mapSize: { height: rows, width: columns }, maps };
}
