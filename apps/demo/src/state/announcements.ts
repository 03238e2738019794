// What screen readers are told.

import { type ReadonlySignal, signal } from "@preact/signals";

const current = signal("");

/** The last announcement. */
export const announcement: ReadonlySignal<string> = current;

/** Says something once; it replaces what was said before. */
export function announce(text: string): void {
  current.value = text;
}
