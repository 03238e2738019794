// The patch that was picked, the one under the pointer or keys, and how alike all others are to the picked one.

import { cosineSimilarities } from "@internvit/model-core/features";
import { computed, type ReadonlySignal, signal } from "@preact/signals";

import { announce } from "./announcements.ts";
import { currentPicture, otherPicture, type Picture, pictures } from "./pictures.ts";

/** A patch of a picture, counted row by row. */
export interface PatchPlace {
  readonly pictureId: number;
  readonly patch: number;
}

const picked = signal<PatchPlace>();
const pointed = signal<PatchPlace>();

/** The picked patch, if its picture is still there. */
export const selectedPatch: ReadonlySignal<PatchPlace | undefined> = computed(() => {
  const place = picked.value;
  const features = pictures.value.find(({ id }) => id === place?.pictureId)?.features;
  const count =
    features === undefined ? 0 : features.patches.gridWidth * features.patches.gridHeight;
  return place !== undefined && place.patch < count ? place : undefined;
});

/** The patch under the pointer or the keyboard's cursor. */
export const cursorPatch: ReadonlySignal<PatchPlace | undefined> = pointed;

/** Cosines of all patches of two pictures with the picked patch. */
export interface Similarities {
  readonly current: Float32Array | undefined;
  readonly other: Float32Array | undefined;
  /** Least and largest of both, without the picked patch itself. */
  readonly low: number;
  readonly high: number;
}

/** Undefined while no patch is picked. */
export const similarities: ReadonlySignal<Similarities | undefined> = computed(() => {
  const place = selectedPatch.value;
  const from = pictures.value.find(({ id }) => id === place?.pictureId);
  if (place === undefined || from?.features === undefined) return undefined;
  const { data, gridWidth, gridHeight } = from.features.patches;
  const width = data.length / (gridWidth * gridHeight);
  const query = data.subarray(place.patch * width, (place.patch + 1) * width);
  const compare = (picture: Picture | undefined): Float32Array | undefined =>
    picture?.features === undefined
      ? undefined
      : cosineSimilarities(query, picture.features.patches.data);
  const current = compare(currentPicture.value);
  const other = compare(otherPicture.value);
  let [low, high] = [Infinity, -Infinity];
  for (const [picture, values] of [
    [currentPicture.value, current],
    [otherPicture.value, other],
  ] as const) {
    for (const [patch, value] of values?.entries() ?? []) {
      if (picture?.id === place.pictureId && patch === place.patch) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return { current, other, low, high };
});

/** Picks a patch, and says which others are most like it. */
export function selectPatch(place: PatchPlace): void {
  picked.value = place;
  const picture = pictures.value.find(({ id }) => id === place.pictureId);
  const found = similarities.value;
  if (picture?.features === undefined || found === undefined) return;
  const { gridWidth } = picture.features.patches;
  announce(
    `Selected patch ${describePatch(place.patch, gridWidth)} of ${picture.name}. ` +
      `Similarity of the others: ${found.low.toFixed(3)} to ${found.high.toFixed(3)}.`,
  );
}

/** Lets go of the picked patch. */
export function clearSelection(): void {
  picked.value = undefined;
}

/** Points at a patch, or at none. */
export function pointAt(place: PatchPlace | undefined): void {
  pointed.value = place;
}

/** "row 3, column 5", counted from 1. */
export function describePatch(patch: number, gridWidth: number): string {
  return `row ${Math.floor(patch / gridWidth) + 1}, column ${(patch % gridWidth) + 1}`;
}
