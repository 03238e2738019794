// What this browser has for an encoder; looked at when somebody wants to choose.

import { capabilities, type WebCapabilities } from "@internvit/runtime-web";
import { type ReadonlySignal, signal } from "@preact/signals";

const found = signal<WebCapabilities>();
let asked = false;

/** Undefined before it is known. */
export const here: ReadonlySignal<WebCapabilities | undefined> = found;

/** Looks once. */
export async function lookHere(): Promise<void> {
  if (asked) return;
  asked = true;
  found.value = await capabilities();
}
