// One palette for all pictures: fitted on the first one and kept, so that a colour means the same in every picture.

import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { type FeaturePalette, paintFeatures } from "@internvit/model-core/features";

import { rgbToImageData } from "../drawing/image-data.ts";
import { fitPalette } from "../tasks/page-tasks.ts";
import { announce } from "./announcements.ts";
import { type PictureFeatures, readyPictures, updatePicture } from "./pictures.ts";

/** A palette and the pictures that it was fitted on. */
export interface Palette {
  readonly colors: FeaturePalette;
  readonly fittedOn: readonly string[];
}

const kept = signal<Palette>();

/** The palette; undefined before there are features. */
export const palette: ReadonlySignal<Palette | undefined> = kept;

/** The features in the palette's colours; the first ones that come make the palette. */
export async function colorsFor(features: PictureFeatures, name: string): Promise<ImageData> {
  kept.value ??= { colors: await fitPalette([features.patches]), fittedOn: [name] };
  return paint(features, kept.value.colors);
}

/** Forgets the palette: features of another model need another. */
export function forgetPalette(): void {
  kept.value = undefined;
}

/** Fits the palette anew on every picture that has features, and paints them all again. */
export async function fitPaletteOnAll(): Promise<void> {
  const ready = readyPictures.value;
  const colors = await fitPalette(ready.flatMap(({ features }) => features?.patches ?? []));
  batch(() => {
    kept.value = { colors, fittedOn: ready.map(({ name }) => name) };
    for (const { id, features } of readyPictures.value) {
      if (features !== undefined) updatePicture(id, { colors: paint(features, colors) });
    }
  });
  announce(`Colours fitted on ${ready.length} pictures`);
}

function paint({ patches }: PictureFeatures, colors: FeaturePalette): ImageData {
  return rgbToImageData(paintFeatures(patches, colors));
}
