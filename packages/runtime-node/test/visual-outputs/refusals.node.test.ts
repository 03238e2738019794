// What has no visual tokens, and what is said of it.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isModelError } from "@internvit/model-core";
import { createVisionEncoder } from "@internvit/runtime-node";
import { goldenPath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { writeTensors } from "../tiny-chat.ts";
import { encoderAlone, projectorAlone } from "./chat-parts.ts";
import { goldenGap, tokensOf, VISUAL_TOKENS } from "./visual-tokens.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-visual-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("visual tokens are refused", () => {
  test("for an encoder alone, saying what to do", async () => {
    const path = goldenPath("tiny-layernorm");
    const error = await errorOf(createVisionEncoder(path, VISUAL_TOKENS));
    expect(isModelError(error)).toBe(true);
    expect(error).toMatchObject({ code: "not-found" });
    expect(error.message).toContain(`${path} is a stand-alone encoder: `);
    expect(error.message).toContain("one that was saved alone");
  });

  test("with a projector for an encoder of another width", async () => {
    const projector = await projectorAlone("");
    projector.set("0.weight", { dtype: "float32", shape: [8], data: new Float32Array(8) });
    const file = join(folder, "narrow.safetensors");
    await writeTensors(file, projector);
    const error = await errorOf(
      createVisionEncoder(goldenPath("tiny-chat"), { ...VISUAL_TOKENS, projector: file }),
    );
    expect(error.message).toBe(
      `${file}: the weights of the projector do not fit the config: tensors of another shape (1): 0.weight (expected [256], found [8])`,
    );
  });

  test("with a projector that is not there", async () => {
    const error = await errorOf(
      createVisionEncoder(goldenPath("tiny-chat"), {
        ...VISUAL_TOKENS,
        projector: join(folder, "nothing"),
      }),
    );
    expect(error).toMatchObject({ name: "ModelError", code: "not-found" });
  });

  test("when a shard of the encoder is not there, by its name", async () => {
    const path = join(folder, "lost-shard");
    await cp(goldenPath("tiny-chat"), path, { recursive: true });
    await rm(join(path, "model-00003-of-00003.safetensors"));
    const error = await errorOf(createVisionEncoder(path, VISUAL_TOKENS));
    expect(error).toMatchObject({ name: "ModelError", code: "not-found" });
    expect(error.message).toContain(
      'the shard "model-00003-of-00003.safetensors" is missing, with 23 tensors of the encoder: ',
    );
    // The projector is in a shard that is there, so it can be used with another encoder.
    const alone = await encoderAlone(join(folder, "encoder-for-lost-shard"));
    expect(goldenGap(await tokensOf(alone, { projector: path }))).toBeLessThanOrEqual(1);
  });

  test("from patches that cannot be merged", async () => {
    const inputSize = { height: 112, width: 98 };
    const error = await errorOf(
      createVisionEncoder(goldenPath("tiny-chat"), { ...VISUAL_TOKENS, inputSize }),
    );
    expect(error.message).toContain("a multiple of 2, got 8×7 (rows×columns)");
  });
});

async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => {
      throw new Error("an error was expected");
    },
    (error: unknown) => error as Error,
  );
}
