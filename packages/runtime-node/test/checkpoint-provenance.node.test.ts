import { fixturePath } from "@internvit/test-kit";
import { expect, it } from "vitest";

import {
  checkpointProvenance,
  createVisionEncoder,
  describeDtype,
  openCheckpoint,
} from "@internvit/runtime-node";

import { temporaryFolder } from "./pipeline/small-pictures.ts";

it("tells of a checkpoint what its encoder would", async () => {
  using folder = temporaryFolder();
  const options = { cacheDirectory: folder.path };
  const checkpoint = await openCheckpoint(fixturePath("tiny-layernorm"));
  await using encoder = await createVisionEncoder(checkpoint, options);
  const { checkpointHash, versions, dtype } = encoder.info;
  expect(await checkpointProvenance(checkpoint, options)).toEqual({ checkpointHash, versions });
  expect(describeDtype("f32")).toBe(dtype);
});
