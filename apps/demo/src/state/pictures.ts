// The pictures of the page, each on its way from a file to features.

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { PatchFeatures } from "@internvit/model-core/features";

import type { PictureSource, PreparedPicture } from "../worker/protocol.ts";

/** What is done to a picture, in order. */
export const STAGES: readonly ["decode", "resize", "encode", "draw"] = [
  "decode",
  "resize",
  "encode",
  "draw",
];

/** One of the stages. */
export type Stage = (typeof STAGES)[number];

/** What the encoder made of a picture. */
export interface PictureFeatures {
  readonly patches: PatchFeatures;
  /** `pooler_output`: the class token. */
  readonly classToken: Float32Array;
  /** `patch_mean`: the mean of the patches. */
  readonly patchMean: Float32Array;
}

/** A picture and how far it is. */
export interface Picture {
  readonly id: number;
  readonly name: string;
  readonly source: PictureSource;
  readonly status: "waiting" | "preparing" | "encoding" | "ready" | "failed";
  /** Set when it failed. */
  readonly error?: string | undefined;
  readonly prepared?: PreparedPicture | undefined;
  readonly features?: PictureFeatures | undefined;
  /** The patches in the page's palette, a pixel each. */
  readonly colors?: ImageData | undefined;
  /** Milliseconds of the stages that are done. */
  readonly times: Readonly<Partial<Record<Stage, number>>>;
}

const list = signal<readonly Picture[]>([]);
const shownId = signal<number>();
const otherId = signal<number>();
let lastId = 0;

/** All pictures in the order in which they came. */
export const pictures: ReadonlySignal<readonly Picture[]> = list;

/** Those with features. */
export const readyPictures: ReadonlySignal<readonly Picture[]> = computed(() =>
  list.value.filter(({ status }) => status === "ready"),
);

/** The one that is looked at: the chosen one, else the first that did not fail. */
export const currentPicture: ReadonlySignal<Picture | undefined> = computed(
  () =>
    list.value.find(({ id }) => id === shownId.value) ??
    list.value.find(({ status }) => status !== "failed") ??
    list.value[0],
);

/** The one that it is compared with: the chosen one, else the next one that is there. */
export const otherPicture: ReadonlySignal<Picture | undefined> = computed(() => {
  const others = readyPictures.value.filter(({ id }) => id !== currentPicture.value?.id);
  return others.find(({ id }) => id === otherId.value) ?? others[0];
});

/** Adds pictures, which wait to be encoded; gives their ids. */
export function appendPictures(
  added: readonly { readonly name: string; readonly source: PictureSource }[],
): readonly number[] {
  const records = added.map(({ name, source }): Picture => ({
    id: ++lastId,
    name,
    source,
    status: "waiting",
    times: {},
  }));
  list.value = [...list.value, ...records];
  return records.map(({ id }) => id);
}

/** Changes what is known of a picture; one that was removed meanwhile stays away. */
export function updatePicture(id: number, changes: Partial<Omit<Picture, "id">>): void {
  list.value = list.value.map((picture) =>
    picture.id === id ? { ...picture, ...changes } : picture,
  );
}

/** Takes a picture away. */
export function removePicture(id: number): void {
  batch(() => {
    const place = list.value.findIndex((picture) => picture.id === id);
    list.value = list.value.filter((picture) => picture.id !== id);
    // Its neighbour takes its place.
    if (shownId.value === id) shownId.value = (list.value[place] ?? list.value.at(-1))?.id;
  });
}

/** Looks at another picture. */
export function showPicture(id: number): void {
  shownId.value = id;
}

/** Compares with another picture. */
export function compareWith(id: number): void {
  otherId.value = id;
}
