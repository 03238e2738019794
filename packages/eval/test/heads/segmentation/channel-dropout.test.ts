import { channelMasks } from "@internvit/eval";
import { expect, test } from "vitest";

const FORM = { kind: "upernet", width: 16, classes: 5, channels: 512, auxiliaryLevel: 1 } as const;
const masks = channelMasks(FORM, { batch: 16, seed: 5 });

test("masks are a function of seed and update, other ones for each head", () => {
  expect(channelMasks(FORM, { batch: 16, seed: 5 })(7)).toEqual(masks(7));
  expect(masks(8)).not.toEqual(masks(7));
  expect(channelMasks(FORM, { batch: 16, seed: 6 })(7)).not.toEqual(masks(7));
  const { "decode_head.kept_channels": decode, "auxiliary_head.kept_channels": auxiliary } =
    masks(7);
  expect(decode).not.toEqual(auxiliary);
});

test("a tenth of the channels is left out, of each picture other ones", () => {
  const { shape, data } = masks(0)["decode_head.kept_channels"]!;
  expect(shape).toEqual([16, 512]);
  const kept = Array.from(data as Float32Array);
  const share = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  expect(share).toBeGreaterThan(0.89);
  expect(share).toBeLessThan(0.91);
  expect(kept.slice(0, 512)).not.toEqual(kept.slice(512, 1024));
});

test("the linear head has none", () => {
  expect(channelMasks({ kind: "linear", width: 8, classes: 3 }, { batch: 2, seed: 0 })(0)).toEqual(
    {},
  );
});
