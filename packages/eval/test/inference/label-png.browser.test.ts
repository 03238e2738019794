// The same file in a browser: its own decoder shows the classes' colours.

import { classColours, encodeLabelPng } from "@internvit/eval";
import { expect, test } from "vitest";

test("a label PNG that a browser made shows the classes' colours in a browser", async () => {
  const colours = classColours(5);
  const label = { width: 3, height: 2, data: Uint8Array.of(0, 1, 2, 3, 4, 4) };
  const file = new Blob([await encodeLabelPng(label, { colours })], { type: "image/png" });
  const picture = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(3, 2).getContext("2d")!;
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, 3, 2);
  const expected = [...label.data].flatMap((value) => [...colours[value]!, 255]);
  expect([...data]).toEqual(expected);
});
