// How pictures are tiled for a multimodal model, and the prompt that goes with them: everything from one plan.

import { chatPrompt, planImages, visualPrompt, type VisualPlan } from "@internvit/model-core";
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";

import { model } from "./model.ts";
import { currentPicture, type Picture, pictures } from "./pictures.ts";

/** Most tiles of the slider. */
export const MOST_TILES = 40;

/** `maxTiles`; 12 is what InternVL 2.5 was trained with. */
export const tileBudget: Signal<number> = signal(12);
/** `useThumbnail`. */
export const withThumbnail: Signal<boolean> = signal(true);
/** Whether all pictures go into one prompt, and share the budget. */
export const together: Signal<boolean> = signal(false);
/** What the user asks. */
export const question: Signal<string> = signal("What is in this picture?");

/** The pictures of the prompt: those whose size is known. */
export const promptPictures: ReadonlySignal<readonly Picture[]> = computed(() => {
  const chosen = together.value ? pictures.value : [currentPicture.value];
  return chosen.filter((picture) => picture?.prepared !== undefined) as readonly Picture[];
});

/** The plan; undefined while there is no picture. */
export const visualPlan: ReadonlySignal<VisualPlan | undefined> = computed(() => {
  const sizes = promptPictures.value.flatMap(({ prepared }) => prepared ?? []);
  if (sizes.length === 0) return undefined;
  return planImages(sizes, {
    tokensPerTile: model.value?.tokensPerTile ?? 256,
    tileSize: model.value?.tileSize ?? 448,
    maxTiles: tileBudget.value,
    useThumbnail: withThumbnail.value,
  });
});

/** The whole prompt, or why the question cannot be part of one. */
export const prompt: ReadonlySignal<{ readonly text: string } | { readonly error: string }> =
  computed(() => {
    const plan = visualPlan.value;
    if (plan === undefined) return { text: "" };
    try {
      const text = visualPrompt(plan, { question: question.value });
      return { text: chatPrompt([{ role: "user", text }], { system: undefined, plan }).text };
    } catch (error) {
      return { error: (error as Error).message };
    }
  });
