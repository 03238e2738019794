// The weights that this page keeps on the device.

import {
  openWeightStore,
  type StoredWeights,
  type StoreEstimate,
  type WeightStore,
} from "@internvit/runtime-web";
import { batch, type ReadonlySignal, signal } from "@preact/signals";

import { nameOfKept } from "../model/kept-weights.ts";
import { plainError } from "../model/plain-words.ts";
import { announce } from "./announcements.ts";

const found = signal<readonly StoredWeights[]>([]);
const space = signal<StoreEstimate>();
const refused = signal(false);
const leaving = signal<string>();
const problem = signal<string>();

/** What is there, finished or not; empty also where a browser keeps nothing. */
export const kept: ReadonlySignal<readonly StoredWeights[]> = found;
/** How much is stored, and for how long. */
export const estimate: ReadonlySignal<StoreEstimate | undefined> = space;
/** True when the browser was asked to keep them whatever happens, and did not agree. */
export const persistRefused: ReadonlySignal<boolean> = refused;
/** Key of the weights that are being removed. */
export const removing: ReadonlySignal<string | undefined> = leaving;

/** Why the last ones could not be removed. */
export const removeError: ReadonlySignal<string | undefined> = problem;

/** Looks again. */
export async function refreshKept(): Promise<void> {
  const store = await openStore();
  if (store === undefined) return;
  const [list, numbers] = await Promise.all([store.list(), store.estimate()]);
  batch(() => {
    found.value = list;
    space.value = numbers;
  });
}

/** Removes weights; those that are in use go on until the page is closed. */
export async function removeKept(weights: StoredWeights): Promise<void> {
  const store = await openStore();
  const name = nameOfKept(weights);
  leaving.value = weights.key;
  problem.value = undefined;
  try {
    await store?.remove(weights.key);
    announce(`${name} was removed from this device`);
  } catch (error) {
    problem.value = `${name} could not be removed: ${plainError(error)}`;
  }
  leaving.value = undefined;
  await refreshKept();
}

/** Asks the browser to keep them when space is short. */
export async function keepForGood(): Promise<void> {
  const granted = (await (await openStore())?.persist()) ?? false;
  refused.value = !granted;
  announce(granted ? "They stay until you remove them" : "The browser did not agree");
  await refreshKept();
}

async function openStore(): Promise<WeightStore | undefined> {
  try {
    return await openWeightStore();
  } catch {
    // Nothing can be kept here, so there is nothing to show; an encoder's notes say it of its weights.
    return undefined;
  }
}
