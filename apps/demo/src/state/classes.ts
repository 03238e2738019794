// The classes that a visitor teaches, and which picture is an example of which.

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";

import { announce } from "./announcements.ts";
import { type Picture, pictures } from "./pictures.ts";

/** A class. */
export interface TaughtClass {
  readonly id: number;
  /** As it was typed; `nameOf` is what is shown. */
  readonly name: string;
}

/** A head that tells one class tells nothing. */
export const FEWEST_CLASSES = 2;

/** Characters of a class's name: what there is room for, also in the name of a downloaded file. */
export const LONGEST_NAME = 60;

let lastId = 0;

function newClass(name = ""): TaughtClass {
  return { id: ++lastId, name };
}

const list = signal<readonly TaughtClass[]>([newClass(), newClass()]);
const chosen = signal<ReadonlyMap<number, number>>(new Map());

/** All classes, in order. */
export const classes: ReadonlySignal<readonly TaughtClass[]> = list;

/** The class of each picture that is an example, by the picture's id. */
export const classOf: ReadonlySignal<ReadonlyMap<number, number>> = chosen;

/** The pictures that are in no class. */
export const otherPictures: ReadonlySignal<readonly Picture[]> = computed(() =>
  pictures.value.filter(({ id }) => !chosen.value.has(id)),
);

/** The pictures of a class. */
export function picturesIn(classId: number): readonly Picture[] {
  return pictures.value.filter(({ id }) => chosen.value.get(id) === classId);
}

/** What a class is called: by its place while it has no name. */
export function nameOf({ id, name }: TaughtClass): string {
  const place = list.value.findIndex((taught) => taught.id === id);
  return name.trim() === "" ? `Class ${place + 1}` : name.trim();
}

/** Adds a class without pictures. */
export function addClass(): TaughtClass {
  const added = newClass();
  list.value = [...list.value, added];
  announce(`${nameOf(added)} added`);
  return added;
}

/** Names a class. */
export function renameClass(id: number, name: string): void {
  list.value = list.value.map((taught) => (taught.id === id ? { id, name } : taught));
}

/** Takes a class away; its pictures are in none from then on. */
export function removeClass(removed: TaughtClass): void {
  announce(`${nameOf(removed)} removed`);
  batch(() => {
    list.value = list.value.filter(({ id }) => id !== removed.id);
    chosen.value = new Map([...chosen.value].filter(([, id]) => id !== removed.id));
  });
}

/** Other classes instead of all that are there; no picture is in one. */
export function replaceClasses(names: readonly string[]): readonly TaughtClass[] {
  batch(() => {
    list.value = names.map(newClass);
    chosen.value = new Map();
  });
  return list.value;
}

/** Makes pictures examples of a class, or of none. */
export function putInto(classId: number | undefined, pictureIds: readonly number[]): void {
  const next = new Map(chosen.value);
  for (const id of pictureIds) {
    if (classId === undefined) next.delete(id);
    else next.set(id, classId);
  }
  chosen.value = next;
  const taught = list.value.find(({ id }) => id === classId);
  const names = pictures.value.filter(({ id }) => pictureIds.includes(id)).map(({ name }) => name);
  announce(`${names.join(", ")}: ${taught === undefined ? "in no class" : nameOf(taught)}`);
}
