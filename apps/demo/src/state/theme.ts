// Light or dark: as the system says, unless the visitor says otherwise.

import { effect, type Signal, signal } from "@preact/signals";

/** What can be chosen. */
export const THEMES: readonly ["system", "light", "dark"] = ["system", "light", "dark"];

/** One of them. */
export type Theme = (typeof THEMES)[number];

const KEY = "internvit-theme";

/** The choice. */
export const theme: Signal<Theme> = signal(storedTheme());

/** Begins to apply the choice to the page and to remember it; returns what ends it. */
export function applyTheme(): () => void {
  return effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    try {
      localStorage.setItem(KEY, theme.value);
    } catch {
      // A browser that keeps nothing asks again at the next visit.
    }
  });
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return THEMES.find((name) => name === stored) ?? "system";
  } catch {
    return "system";
  }
}
