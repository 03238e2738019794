import { describe, expect, test } from "vitest";

import { getPreset } from "../../src/config/presets.ts";
import { hiddenStateOf } from "../../src/encoder/outputs.ts";
import { featureOf, toFeatures } from "../../src/vision-encoder.ts";

const { config } = getPreset("InternViT-300M-448px-V2_5");

describe("hiddenStateOf", () => {
  test.each([
    ["last_hidden_state", 24],
    ["pooler_output", 24],
    ["patch_mean", 24],
    ["hidden_states.0", 0],
    ["hidden_states.24", 24],
  ])("%s needs %i blocks", (output, blocks) => {
    expect(hiddenStateOf(output, config)).toBe(blocks);
  });

  test.each([
    [-1, 24],
    [-4, 21],
    [-25, 0],
    [0, 0],
    [21, 21],
    [24, 24],
  ])("selectLayer %i of 24 layers needs %i blocks", (selectLayer, blocks) => {
    expect(hiddenStateOf("visual_tokens", config, { selectLayer })).toBe(blocks);
    expect(hiddenStateOf("unshuffled", config, { selectLayer })).toBe(blocks);
    expect(hiddenStateOf("pooler_output", config, { selectLayer })).toBe(24);
  });

  test.each([25, -26, 0.5, Number.NaN, Infinity])("refuses selectLayer %d", (selectLayer) => {
    expect(() => hiddenStateOf("unshuffled", config, { selectLayer })).toThrow(
      `selectLayer: expected a hidden state from 0 to 24, or from the end from -1 to -25, got ${selectLayer}`,
    );
  });

  test.each([
    "hidden_states.25",
    "hidden_states.-1",
    "hidden_states.01",
    "hidden_states.",
    "hidden_states.1.5",
    "cls",
    "",
    "__proto__",
  ])("refuses %j and says what there is", (output) => {
    expect(() => hiddenStateOf(output, config)).toThrow(
      /no output ".*"; it has last_hidden_state, pooler_output, patch_mean, unshuffled, visual_tokens and hidden_states.0 to hidden_states.24/,
    );
  });
});

describe("features", () => {
  const tensor = { dtype: "float32", shape: [1], data: Float32Array.of(1) } as const;

  test("go from names to fields and back", () => {
    const features = toFeatures({ pooler_output: tensor, "hidden_states.3": tensor });
    expect(features).toEqual({ poolerOutput: tensor, hiddenStates: { 3: tensor } });
    expect(featureOf(features, "hidden_states.3")).toBe(tensor);
    expect(featureOf(features, "pooler_output")).toBe(tensor);
    const visual = toFeatures({ visual_tokens: tensor, unshuffled: tensor });
    expect(visual).toEqual({ visualTokens: tensor, unshuffled: tensor });
    expect(featureOf(visual, "visual_tokens")).toBe(tensor);
    expect(featureOf(visual, "unshuffled")).toBe(tensor);
  });

  test("that were not computed are an error that names them", () => {
    expect(() => featureOf({}, "patch_mean")).toThrow("without patch_mean");
  });
});
