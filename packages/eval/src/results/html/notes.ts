// What is to be known of the scores: what the run warned of, and what is to be said of the published numbers.

import { html, type Markup } from "./markup.ts";

/** What is listed. */
export interface Notes {
  readonly warnings: readonly string[];
  readonly reservations: readonly string[];
}

/** The list; nothing where there is nothing to be known. */
export function notesList({ warnings, reservations }: Notes): Markup | null {
  if (warnings.length === 0 && reservations.length === 0) return null;
  return html`<ul class="notes">
    ${warnings.map((text) => html`<li class="warning"><strong>Warning:</strong> ${text}</li>`)}
    ${reservations.map((text) => html`<li>Published numbers: ${text}.</li>`)}
  </ul>`;
}
