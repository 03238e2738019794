// A trained segmentation head and what it finds in the picture that is looked at. Loaded with the first head. Another
// head, model or picture ends the work under way; what was found stays as long as head and model do.

import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";

import type { OpenedModel } from "../model/open-encoder.ts";
import { openSegmenter, type OpenedSegmenter } from "../model/open-segmenter.ts";
import { plainError } from "../model/plain-words.ts";
import { doubtWords, type ChosenHead, unfitWords } from "../model/segmentation-head.ts";
import { readHeadFacts, segmentPicture } from "../tasks/segment-tasks.ts";
import type { SegmentedPicture } from "../worker/segment-protocol.ts";
import { announce } from "./announcements.ts";
import { downloadBlob } from "./download.ts";
import { model } from "./model.ts";
import { currentPicture, pictures } from "./pictures.ts";

/** What is going on. */
export type Segmenting =
  | { readonly step: "idle" }
  | { readonly step: "opening" }
  | { readonly step: "segmenting"; readonly windows: number }
  | { readonly step: "stopped" }
  | { readonly step: "failed"; readonly message: string };

const chosen = signal<ChosenHead>();
const problem = signal<string>();
const now = signal<Segmenting>({ step: "idle" });
const done = signal<ReadonlyMap<number, SegmentedPicture>>(new Map());

/** The head that was chosen last. */
export const headFile: ReadonlySignal<ChosenHead | undefined> = chosen;

/** Why the last file could not be used. */
export const headError: ReadonlySignal<string | undefined> = problem;

/** Why the head is none for the model in use; undefined where it is one. */
export const unfit: ReadonlySignal<string | undefined> = computed(() =>
  chosen.value === undefined || model.value === undefined
    ? undefined
    : unfitWords(chosen.value, model.value),
);

/** What nobody can know of how the head fits the model in use. */
export const doubt: ReadonlySignal<string | undefined> = computed(() =>
  chosen.value === undefined || model.value === undefined || unfit.value !== undefined
    ? undefined
    : doubtWords(chosen.value, model.value),
);

/** How far it is. */
export const segmenting: ReadonlySignal<Segmenting> = now;

/** How strongly colours cover the picture, from 0 to 1. */
export const opacity: Signal<number> = signal(0.6);

/** What was found in the picture that is looked at. */
export const shownSegments: ReadonlySignal<SegmentedPicture | undefined> = computed(() =>
  done.value.get(currentPicture.value?.id ?? 0),
);

/** Uses the head in a file. One that cannot be used changes nothing about the one in use. */
export async function chooseHead(file: File): Promise<void> {
  problem.value = undefined;
  try {
    const description = await readHeadFacts(file);
    chosen.value = { file, ...description };
    announce(`${file.name}: finds ${description.facts.classes.length} classes`);
  } catch (error) {
    problem.value = plainError(error);
  }
}

/** The picture to be segmented. */
const wanted: ReadonlySignal<number | undefined> = computed(() => {
  const picture = currentPicture.value;
  return picture === undefined || picture.status === "failed" ? undefined : picture.id;
});

let attempt: AbortController | undefined;
/** Encoder and head, once they are needed. */
let segmenter: Promise<OpenedSegmenter> | undefined;

/** Begins to watch head, model and pictures; returns what ends it. */
export function segmentAsTheyCome(): () => void {
  let last: readonly [ChosenHead | undefined, OpenedModel | undefined] = [undefined, undefined];
  return effect(() => {
    const [head, used] = [chosen.value, model.value];
    void wanted.value;
    if (head !== last[0] || used !== last[1]) forget();
    last = [head, used];
    if (head !== undefined && used !== undefined && unfit.value === undefined) segmentAgain();
  });
}

/** Segments the picture that is looked at, unless that is done. Work under way ends. */
export function segmentAgain(): void {
  attempt?.abort();
  attempt = undefined;
  const id = wanted.peek();
  now.value = { step: "idle" };
  if (id === undefined || done.peek().has(id)) return;
  attempt = new AbortController();
  void segment(id, attempt.signal);
}

/** Ends the work under way. */
export function stopSegmenting(): void {
  attempt?.abort();
  attempt = undefined;
  now.value = { step: "stopped" };
}

async function segment(id: number, signal: AbortSignal): Promise<void> {
  const picture = pictures.peek().find((one) => one.id === id);
  const [head, used] = [chosen.peek(), model.peek()];
  if (picture === undefined || head === undefined || used === undefined) return;
  try {
    now.value = { step: "opening" };
    segmenter ??= open(head, used);
    const { logits, settings } = await segmenter;
    signal.throwIfAborted();
    now.value = { step: "segmenting", windows: 0 };
    const found = await segmentPicture(picture.source, {
      name: picture.name,
      logits,
      settings,
      signal,
      onWindows: (windows) => {
        if (!signal.aborted) now.value = { step: "segmenting", windows };
      },
    });
    signal.throwIfAborted();
    const there = new Set(pictures.peek().map((one) => one.id));
    batch(() => {
      const kept = [...done.peek()].filter(([key]) => there.has(key));
      done.value = new Map([...kept, [id, found]]);
      now.value = { step: "idle" };
    });
    announce(`${picture.name}: ${found.found.length} classes found`);
  } catch (error) {
    if (signal.aborted) return;
    // The next try opens encoder and head anew.
    closeSegmenter();
    now.value = { step: "failed", message: plainError(error) };
  }
}

/** Encoder and head. What cannot be opened is forgotten, whoever still waits for it, and the next try begins anew. */
function open(head: ChosenHead, used: OpenedModel): Promise<OpenedSegmenter> {
  const opening = openSegmenter(head, used);
  opening.catch(() => {
    if (segmenter === opening) segmenter = undefined;
  });
  return opening;
}

/** What another head or model leaves nothing of. */
function forget(): void {
  attempt?.abort();
  attempt = undefined;
  closeSegmenter();
  batch(() => {
    done.value = new Map();
    now.value = { step: "idle" };
  });
}

function closeSegmenter(): void {
  // One that could not be opened has nothing to dispose of.
  void segmenter?.then(
    (opened) => opened.dispose(),
    () => {},
  );
  segmenter = undefined;
}

/** Downloads the labels of the picture that is looked at. */
export function downloadLabels(): void {
  const found = shownSegments.peek();
  if (found === undefined) return;
  const name = currentPicture.peek()?.name ?? "picture";
  downloadBlob(found.png, `${name.replace(/\.[^.]*$/, "")}-labels.png`);
}
