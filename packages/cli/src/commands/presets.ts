// `internvit presets`: the architectures that are known by name.

import {
  countParameters,
  countProjectorParameters,
  getPreset,
  presetNames,
} from "@internvit/model-core";

import type { CommandContext } from "../context.ts";
import { formatCount } from "../terminal/quantities.ts";

/** Lists the presets and returns the exit code. */
export async function listPresets({ report }: CommandContext): Promise<number> {
  const presets = presetNames.map((name) => {
    const { config, chat, source } = getPreset(name);
    const { numHiddenLayers: layers, hiddenSize: width, imageSize } = config;
    const projector = chat === undefined ? 0 : countProjectorParameters(config, chat);
    const parameters = countParameters(config) + projector;
    const tokenWidth = chat?.projectorWidth ?? null;
    return { name, parameters, layers, width, imageSize, tokenWidth, source };
  });
  const longest = Math.max(...presets.map(({ name }) => name.length));
  report({
    event: "result",
    command: "presets",
    facts: { presets },
    text: presets
      .map(
        ({ name, parameters, layers, width, imageSize, tokenWidth }) =>
          `${name.padEnd(longest)}  ${formatCount(parameters)} parameters, ${layers} layers, width ${width}, ${imageSize} pixels${tokenWidth === null ? "" : `, visual tokens of width ${tokenWidth}`}`,
      )
      .join("\n"),
  });
  return 0;
}
