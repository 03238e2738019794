// Trains a head whenever the examples change, and keeps the one that is in use. What trains is loaded with the first
// training; it runs in a worker of its own, and ends when the examples change meanwhile.

import { createWebRuntime } from "@internvit/runtime-web";
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";

import { featureVector, type LinearHead } from "../model/linear-head.ts";
import type { OpenedModel } from "../model/open-encoder.ts";
import { plainError } from "../model/plain-words.ts";
import type { TrainedHead, TrainProgress } from "../model/train-head.ts";
import { announce } from "./announcements.ts";
import { classes, classOf, nameOf } from "./classes.ts";
import { model } from "./model.ts";
import { type PictureFeatures, pictures } from "./pictures.ts";

/** Several changes that come together are one. */
const SETTLE_MILLISECONDS = 200;

/** Progress is shown after so many steps. */
const STEPS_SHOWN = 10;

/** A head and what it was made from. */
export interface HeadInUse {
  readonly head: LinearHead;
  /** The class of each row, in the order of the head's. */
  readonly classIds: readonly number[];
  readonly from:
    | {
        readonly kind: "examples";
        readonly model: OpenedModel;
        readonly count: number;
        readonly losses: TrainedHead["losses"];
        readonly leftOut: TrainedHead["leftOut"];
        readonly milliseconds: number;
      }
    | { readonly kind: "file"; readonly name: string; readonly modelName: string };
}

/** What is going on. */
export type Teaching =
  | { readonly step: "collecting" }
  | { readonly step: "waiting"; readonly count: number }
  | { readonly step: "training"; readonly progress?: TrainProgress }
  | { readonly step: "trained" }
  | { readonly step: "failed"; readonly message: string };

const now = signal<Teaching>({ step: "collecting" });
const kept = signal<HeadInUse>();

/** How far it is. */
export const teaching: ReadonlySignal<Teaching> = now;

/** The head in use, if it is one for the model and the classes that are there. */
export const headInUse: ReadonlySignal<HeadInUse | undefined> = computed(() => {
  const found = kept.value;
  if (found === undefined || model.value === undefined) return undefined;
  const ids = new Set(classes.value.map(({ id }) => id));
  if (!found.classIds.every((id) => ids.has(id))) return undefined;
  const isOfModel =
    found.from.kind === "examples"
      ? found.from.model === model.value
      : found.head.mean.length === 2 * model.value.encoder.config.hiddenSize;
  return isOfModel ? found : undefined;
});

/** A loaded head that is for features of another width than the model's. */
export const unfitHead: ReadonlySignal<HeadInUse | undefined> = computed(() =>
  kept.value?.from.kind === "file" && model.value !== undefined && headInUse.value === undefined
    ? kept.value
    : undefined,
);

/** Pictures that are examples, and those of them whose features are not there yet. */
interface Examples {
  readonly ready: readonly {
    readonly id: number;
    readonly classId: number;
    readonly features: PictureFeatures;
  }[];
  readonly waiting: number;
}

const examples: ReadonlySignal<Examples> = computed(() => {
  const taught = pictures.value.flatMap((picture) => {
    const classId = classOf.value.get(picture.id);
    return classId === undefined || picture.status === "failed" ? [] : [{ picture, classId }];
  });
  const ready = taught.flatMap(({ picture: { id, features }, classId }) =>
    features === undefined ? [] : [{ id, classId, features }],
  );
  return { ready, waiting: taught.length - ready.length };
});

/** The same text for the same examples: other pictures and names of classes change nothing. */
const examplesKey: ReadonlySignal<string> = computed(() => {
  const { ready, waiting } = examples.value;
  return waiting > 0
    ? `${waiting} to come`
    : ready.map(({ id, classId }) => `${id} in ${classId}`).join();
});

let attempt: AbortController | undefined;

/** Begins to watch the examples; returns what ends it. */
export function teachAsExamplesCome(): () => void {
  return effect(() => {
    void examplesKey.value;
    teachAgain();
  });
}

/** Trains anew with the examples that there are, if they suffice. A training under way ends. */
export function teachAgain(): void {
  attempt?.abort();
  attempt = undefined;
  const { ready, waiting } = examples.peek();
  const hasEnough = new Set(ready.map(({ classId }) => classId)).size >= 2;
  batch(() => {
    if (waiting > 0) now.value = { step: "waiting", count: waiting };
    else if (hasEnough) now.value = { step: "training" };
    else {
      now.value = { step: "collecting" };
      // A head that was loaded needs no examples.
      if (kept.peek()?.from.kind === "examples") kept.value = undefined;
    }
  });
  if (waiting > 0 || !hasEnough) return;
  const own = new AbortController();
  attempt = own;
  setTimeout(() => void train(own), SETTLE_MILLISECONDS);
}

async function train(own: AbortController): Promise<void> {
  const { signal } = own;
  const used = model.peek();
  if (signal.aborted || used === undefined) return;
  const { ready } = examples.peek();
  const taught = classes.peek().filter(({ id }) => ready.some(({ classId }) => classId === id));
  const classIds = taught.map(({ id }) => id);
  try {
    const { trainHead } = await import("../model/train-head.ts");
    const begin = performance.now();
    const { head, losses, leftOut } = await trainHead(
      ready.map(({ features, classId }) => ({
        vector: featureVector(features),
        label: classIds.indexOf(classId),
      })),
      {
        // The matrices are small.
        runtime: createWebRuntime({ executionProvider: "wasm", threads: 1 }),
        classes: taught.map(nameOf),
        signal,
        onProgress(progress) {
          // What nobody could read need not be drawn.
          if (progress.step % STEPS_SHOWN === 0 && !signal.aborted)
            now.value = { step: "training", progress };
        },
      },
    );
    signal.throwIfAborted();
    const milliseconds = performance.now() - begin;
    batch(() => {
      kept.value = {
        head,
        classIds,
        from: { kind: "examples", model: used, count: ready.length, losses, leftOut, milliseconds },
      };
      now.value = { step: "trained" };
    });
    announce(`Learnt ${taught.map(nameOf).join(", ")} from ${ready.length} pictures`);
  } catch (error) {
    if (signal.aborted) return;
    now.value = { step: "failed", message: plainError(error) };
  }
}

/** Uses another head, until there are examples enough for one of one's own. */
export function adoptHead(head: HeadInUse): void {
  kept.value = head;
}
