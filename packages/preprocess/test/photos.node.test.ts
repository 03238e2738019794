// Real photographs, where they stand beside the repository.

import { readdirSync } from "node:fs";
import { join } from "node:path";

import { photosDirectory } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { clipCrop, parseImageProcessorConfig, squareResize } from "../src/index.ts";
import { copyWindow } from "../src/resample/window.ts";
import { decodeImage } from "../src/sharp/index.ts";
import { firstDifference } from "./first-difference.ts";
import { naiveResize } from "./naive-resize.ts";

const directory = photosDirectory();
const photos =
  directory === undefined ? [] : readdirSync(directory).filter((f) => /jpe?g$/i.test(f));
const SKIPPED = "skipped: no folder of photographs (INTERNVIT_PHOTOS)";

describe.skipIf(directory === undefined)(
  `photographs${directory === undefined ? ` (${SKIPPED})` : ""}`,
  () => {
    const config = parseImageProcessorConfig({ size: 448, crop_size: 448 });

    it("all decode, and their crops have the encoder's size", async () => {
      expect(photos.length).toBeGreaterThan(0);
      for (const photo of photos) {
        const { image } = await decodeImage(join(directory!, `${photo}`));
        const crop = clipCrop(image, config);
        expect([crop.width, crop.height], `${photo}`).toEqual([448, 448]);
      }
    });

    it("are resized and cropped as by the naive resize", async () => {
      for (const photo of photos.filter((_, index) => index % 12 === 0)) {
        const { image } = await decodeImage(join(directory!, `${photo}`));
        const { width, height } = image;
        const naive = naiveResize(image, { width: 448, height: 448, filter: "bicubic" });
        const square = squareResize(image, { size: 448 });
        expect(firstDifference(square.data, naive.data), `${photo}`).toBe(-1);
        const scaled = {
          width: width <= height ? 448 : Math.floor((448 * width) / height),
          height: width <= height ? Math.floor((448 * height) / width) : 448,
        };
        const whole = naiveResize(image, { ...scaled, filter: "bicubic" });
        const left = Math.floor((scaled.width - 448) / 2);
        const top = Math.floor((scaled.height - 448) / 2);
        const middle = copyWindow(whole, { left, top, width: 448, height: 448 });
        expect(firstDifference(clipCrop(image, config).data, middle.data), `${photo}`).toBe(-1);
      }
    });
  },
);
