// `internvit presets`: the architectures that are known by name.

import { countParameters, getPreset, presetNames } from "@internvit/model-core";

import type { CommandContext } from "../context.ts";
import { formatCount } from "../terminal/quantities.ts";

/** Lists the presets and returns the exit code. */
export async function listPresets({ report }: CommandContext): Promise<number> {
  const presets = presetNames.map((name) => {
    const { config, source } = getPreset(name);
    const { numHiddenLayers: layers, hiddenSize: width, imageSize } = config;
    return { name, parameters: countParameters(config), layers, width, imageSize, source };
  });
  const longest = Math.max(...presets.map(({ name }) => name.length));
  report({
    event: "result",
    command: "presets",
    facts: { presets },
    text: presets
      .map(
        ({ name, parameters, layers, width, imageSize }) =>
          `${name.padEnd(longest)}  ${formatCount(parameters)} parameters, ${layers} layers, width ${width}, ${imageSize} pixels`,
      )
      .join("\n"),
  });
  return 0;
}
