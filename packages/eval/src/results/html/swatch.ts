// A colour in a legend.

import type { Rgb } from "../../inference/class-colours.ts";
import { html, type Markup } from "./markup.ts";

/** A small square of a colour; what it means stands beside it. */
export function swatch([red, green, blue]: Rgb): Markup {
  return html`<span class="swatch" style="background:rgb(${red},${green},${blue})"></span>`;
}
