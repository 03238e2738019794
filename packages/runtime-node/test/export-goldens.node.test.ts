// Exported models as their users meet them: loaded by path with onnxruntime-node itself, nothing of this project in
// between.

import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { exportModel, type ExportOptions } from "@internvit/runtime-node";
import {
  difference,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
  goldenPath,
  type GoldenTensor,
  readGoldenTensors,
} from "@internvit/test-kit";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-export-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

let count = 0;

/** Exports into a new folder and returns it. */
async function exported(
  checkpoint: string,
  options: Omit<ExportOptions, "output">,
): Promise<string> {
  const output = join(folder, `model-${count++}`);
  await exportModel(checkpoint, { ...options, output });
  return output;
}

type Results = ort.InferenceSession.OnnxValueMapType;

async function runModel(model: string, feed: ort.Tensor): Promise<Results> {
  const session = await ort.InferenceSession.create(join(model, "model.onnx"));
  const [input = ""] = session.inputNames;
  try {
    return await session.run({ [input]: feed });
  } finally {
    await session.release();
  }
}

/** What is wrong with results, `golden name → output name` for each that is compared. */
function misses(
  results: Results,
  goldens: ReadonlyMap<string, GoldenTensor>,
  names: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(names).flatMap(([golden, output]) => {
    const expected = float32Golden(goldens, golden);
    const computed = results[output] as ort.Tensor;
    if (computed.dims.join() !== expected.shape.join()) return [`${golden}: [${computed.dims}]`];
    const { maxAbsolute, relativeL2 } = difference(computed.data as Float32Array, expected.data);
    const close =
      maxAbsolute <= FLOAT32_GOLDEN_TOLERANCE.maxAbsolute &&
      relativeL2 <= FLOAT32_GOLDEN_TOLERANCE.relativeL2;
    return close ? [] : [`${golden}: max abs ${maxAbsolute}, relative L2 ${relativeL2}`];
  });
}

function pixelsOf(
  goldens: ReadonlyMap<string, GoldenTensor>,
  prefix: string,
): {
  readonly feed: ort.Tensor;
  readonly inputSize: { readonly height: number; readonly width: number };
  readonly pictures: number;
} {
  const { shape, data } = float32Golden(goldens, `${prefix}pixel_values`);
  const [pictures = 0, , height = 0, width = 0] = shape;
  return { feed: new ort.Tensor("float32", data, shape), inputSize: { height, width }, pictures };
}

describe.each(["tiny-layernorm", "tiny-rmsnorm-qknorm", "tiny-float16"])(
  "exportModel: golden %s",
  (name) => {
    const goldens = readGoldenTensors(name, "expected.safetensors");
    const prefixes = [...goldens.keys()]
      .filter((key) => key.endsWith(".pixel_values"))
      .map((key) => key.slice(0, -"pixel_values".length));

    test.each(prefixes)("%s computes the features, batch dynamic and fixed", async (prefix) => {
      const { feed, inputSize, pictures } = pixelsOf(goldens, prefix);
      for (const batch of ["dynamic", pictures] as const) {
        const model = await exported(goldenPath(name), { inputSize, batch });
        const results = await runModel(model, feed);
        const outputs = ["last_hidden_state", "pooler_output"];
        expect(Object.keys(results).toSorted()).toEqual(outputs);
        const names = Object.fromEntries(outputs.map((output) => [prefix + output, output]));
        expect(misses(results, goldens, names)).toEqual([]);
      }
    });

    test("computes every hidden state, also in the checkpoint's own element type", async () => {
      const outputs = [...goldens.keys()]
        .filter((key) => key.startsWith("native.hidden_states."))
        .map((key) => key.slice("native.".length) as `hidden_states.${number}`);
      const names = Object.fromEntries(outputs.map((output) => [`native.${output}`, output]));
      for (const dtype of ["float32", "stored"] as const) {
        const model = await exported(goldenPath(name), { outputs, dtype });
        const results = await runModel(model, pixelsOf(goldens, "native.").feed);
        expect(misses(results, goldens, names)).toEqual([]);
      }
    });

    test("a fixed batch takes no other", async () => {
      const { feed, pictures } = pixelsOf(goldens, "native.");
      const model = await exported(goldenPath(name), { batch: pictures + 1 });
      await expect(runModel(model, feed)).rejects.toThrow(/dimension/i);
    });
  },
);

describe("exportModel: golden tiny-chat", () => {
  const goldens = readGoldenTensors("tiny-chat", "expected.safetensors");
  const { feed, pictures } = pixelsOf(goldens, "");

  test.each(["dynamic", pictures] as const)(
    "computes visual tokens as its config says, batch %s",
    async (batch) => {
      const model = await exported(goldenPath("tiny-chat"), { withProjector: true, batch });
      const results = await runModel(model, feed);
      const outputs = ["last_hidden_state", "pooler_output", "visual_tokens"];
      expect(Object.keys(results)).toEqual(outputs);
      const names = { "visual_tokens.v2.layer-1": "visual_tokens" };
      expect(misses(results, goldens, names)).toEqual([]);
    },
  );

  test.each(["v1", "v2"] as const)(
    "computes those of other layers in the order of %s",
    async (pixelShuffleVersion) => {
      for (const selectLayer of [-2, -4]) {
        const model = await exported(goldenPath("tiny-chat"), {
          outputs: ["visual_tokens"],
          selectLayer,
          pixelShuffleVersion,
        });
        const results = await runModel(model, feed);
        const golden = `visual_tokens.${pixelShuffleVersion}.layer${selectLayer}`;
        expect(misses(results, goldens, { [golden]: "visual_tokens" })).toEqual([]);
      }
    },
  );

  test("takes a projector of another folder into the same data file", async () => {
    const projector = join(folder, "projector");
    await cp(goldenPath("tiny-chat"), projector, { recursive: true });
    const options = { outputs: ["visual_tokens"] as const, projector };
    const model = await exported(goldenPath("tiny-chat"), options);
    await rm(projector, { recursive: true });
    const results = await runModel(model, feed);
    const names = { "visual_tokens.v2.layer-1": "visual_tokens" };
    expect(misses(results, goldens, names)).toEqual([]);
    // No path of this machine goes into what may be published.
    for (const name of ["model.onnx", "export.json"]) {
      expect(await readFile(join(model, name), "latin1")).not.toContain(folder);
    }
  });
});
