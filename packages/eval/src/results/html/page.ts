// A report as one HTML file that needs nothing else: no network, no script, pictures and diagrams inside. Light and dark
// by the reader's setting. What stands in a result is other people's words: the policy in the page's head forbids
// everything but its own style and its pictures.

import type { EvaluationResult } from "../evaluation-result.ts";
import { decimals } from "../text-table.ts";
import { FRAME } from "./axes.ts";
import { html, type Markup } from "./markup.ts";
import { REPORT_STYLE } from "./style.ts";

/** Names and percentages that stand at the top. */
export type HeadlineNumbers = readonly (readonly [name: string, value: number | null])[];

/** What a page shows. */
export interface ReportPage {
  readonly title: string;
  /** Protocol and head. */
  readonly line: string;
  readonly headline: HeadlineNumbers;
  /** The sections. */
  readonly main: Markup;
}

/** The whole document. */
export function reportPage(
  { train, finished, format, version }: EvaluationResult,
  { title, line, headline, main }: ReportPage,
): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        />
        <title>${title}: ${line}</title>
        <style>
          ${{ markup: REPORT_STYLE }}
        </style>
      </head>
      <body>
        <svg class="defs" aria-hidden="true">
          <defs>
            <pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse">
              <path d="M0 4L4 0" />
            </pattern>
            <clipPath id="plot">
              <rect
                x="${FRAME.left - 3}"
                y="${FRAME.top - 3}"
                width="${FRAME.width - FRAME.left - FRAME.right + 6}"
                height="${FRAME.height - FRAME.top - FRAME.bottom + 6}"
              />
            </clipPath>
          </defs>
        </svg>
        <header>
          <h1>${title}</h1>
          <p>${line} · trained on ${train.name} · ${finished.slice(0, 10)}</p>
          <ul class="headline">
            ${headline.map(
              ([name, value]) =>
                html`<li>
                  <strong>${value === null ? "–" : `${decimals(value, 2)} %`}</strong
                  ><span>${name}</span>
                </li>`,
            )}
          </ul>
        </header>
        <main>${main}</main>
        <footer>
          <p>Written by internvit from a result of format ${format}, version ${version}.</p>
        </footer>
      </body>
    </html> `;
  return page.markup;
}

/** False for what is no picture: an address would be fetched, were it not for the policy. */
export function isPictureAddress(address: string): boolean {
  return /^data:image\/(?:jpeg|png|webp);base64,[\w+/=]+$/.test(address);
}
