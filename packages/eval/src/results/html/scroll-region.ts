// A part that may be wider than a telephone.

import { html, type Markup } from "./markup.ts";

/** What is too wide scrolls by itself, with the keyboard too, and says what it is. */
export function scrollRegion(label: string, content: Markup): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    ${content}
  </div>`;
}
