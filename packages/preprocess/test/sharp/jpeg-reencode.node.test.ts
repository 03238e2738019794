import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { isPreprocessError } from "../../src/index.ts";
import { decodeImage, reencodeJpeg } from "../../src/sharp/index.ts";
import { firstDifference } from "../first-difference.ts";

const reference = JSON.parse(readFileSync(fixturePath("jpeg-reencode.json"), "utf8")) as {
  rgb_sha256: Record<string, Record<string, string>>;
};

describe("reencodeJpeg", () => {
  it.each(Object.entries(reference.rgb_sha256))(
    "gives Pillow's bytes for %s at every quality",
    async (name, expected) => {
      const { image } = await decodeImage(fixturePath("images", name));
      const before = Uint8Array.from(image.data);
      for (const [quality, hash] of Object.entries(expected)) {
        const { width, height, data } = await reencodeJpeg(image, { quality: Number(quality) });
        expect([width, height]).toEqual([image.width, image.height]);
        expect(`${quality}: ${createHash("sha256").update(data).digest("hex")}`).toBe(
          `${quality}: ${hash}`,
        );
      }
      expect(firstDifference(image.data, before)).toBe(-1);
    },
  );

  it("refuses a quality that JPEG does not have", async () => {
    const image = { width: 1, height: 1, data: new Uint8Array(3) };
    for (const quality of [0, 101, 80.5, Number.NaN]) {
      const error = await reencodeJpeg(image, { quality }).catch((caught: unknown) => caught);
      if (!isPreprocessError(error)) throw error;
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toBe(`a JPEG quality is a whole number from 1 to 100, got ${quality}`);
    }
  });
});
