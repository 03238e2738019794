// Pictures of spots in one family of colours, drawn in the page from a seed: even random weights tell such families apart.

import type { Page } from "playwright";

import type { TestFile } from "./open-page.ts";

const HUES = { red: 0, blue: 225, green: 120 } as const;

/** As many pictures of a family as there are seeds, as PNG files called `red-1.png`. */
export async function colorPictures(
  page: Page,
  family: keyof typeof HUES,
  seeds: readonly number[],
): Promise<readonly TestFile[]> {
  return await Promise.all(
    seeds.map(async (seed) => {
      const base64 = await page.evaluate(drawSpots, { seed, hue: HUES[family] });
      const buffer = Buffer.from(base64, "base64");
      return { name: `${family}-${seed}.png`, mimeType: "image/png", buffer };
    }),
  );
}

function drawSpots({ seed, hue }: { readonly seed: number; readonly hue: number }): string {
  let state = seed * 7919;
  const random = (): number => (state = (state * 48_271 + 11) % 2_147_483_647) / 2_147_483_647;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [160, 120];
  const context = canvas.getContext("2d")!;
  const color = (): string =>
    `hsl(${hue + 30 * (random() - 0.5)} ${50 + 40 * random()}% ${30 + 40 * random()}%)`;
  context.fillStyle = color();
  context.fillRect(0, 0, 160, 120);
  for (let spot = 0; spot < 25; spot++) {
    context.fillStyle = color();
    context.beginPath();
    context.arc(160 * random(), 120 * random(), 4 + 20 * random(), 0, 7);
    context.fill();
  }
  return canvas.toDataURL("image/png").split(",")[1]!;
}
