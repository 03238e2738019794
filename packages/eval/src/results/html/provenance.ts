// Where the numbers come from: enough to get them again.

import type { EvaluationResult } from "../evaluation-result.ts";
import { canonicalText } from "../canonical-text.ts";
import type { DataFacts, SetResult, TimeFacts } from "../result.ts";
import { html, type Markup } from "./markup.ts";
import { scrollRegion } from "./scroll-region.ts";

/** A scored set, and which of its pictures could not be read. */
export interface ScoredSet extends Pick<SetResult, "data" | "unreadable"> {
  /** Those that have no name here counted, too. */
  readonly unreadableCount: number;
}

/** The section of the provenance. */
export function provenanceSection(
  result: EvaluationResult,
  { hash, sets }: { readonly hash: string | undefined; readonly sets: readonly ScoredSet[] },
): Markup {
  const { model, protocol, train, environment, seed, times, heads } = result;
  const { provider, device, dtype, platform, versions } = environment;
  const facts: readonly (readonly [string, string])[] = [
    ["model", `${model.name} (${model.source})`],
    ...(model.synthesized === null ? [] : [["weights", model.synthesized] as const]),
    ["checkpoint SHA-256", model.checkpointHash ?? "not computed"],
    ["protocol", `${protocol.base ?? "one's own"}, SHA-256 ${protocol.hash}`],
    ["head", heads.map(({ name, choice }) => `${name}: ${choice}`).join("; ")],
    ["trained on", dataLine(train)],
    ["seed", String(seed)],
    ["computed by", `${provider}, ${dtype}, ${device}, ${platform}`],
    [
      "versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["time", timeLine(times)],
    ["finished", result.finished],
    ...(hash === undefined ? [] : [["SHA-256 of the result", hash] as const]),
  ];
  return html`<section aria-labelledby="provenance">
    <h2 id="provenance">Provenance</h2>
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${changedFields(result)}
    <details>
      <summary>Protocol</summary>
      <pre tabindex="0">${canonicalText(protocol.value)}</pre>
    </details>
    <details>
      <summary>Encoder configuration</summary>
      <pre tabindex="0">${canonicalText(model.config)}</pre>
    </details>
    <details>
      <summary>Data sets</summary>
      <ul class="plain">
        ${sets.map(({ data }) => html`<li>${dataLine(data)}</li>`)}
      </ul>
    </details>
    ${sets.map(unreadablePictures)}
  </section>`;
}

function changedFields({ protocol }: EvaluationResult): Markup | null {
  const { base, differences } = protocol;
  if (base === null || differences.length === 0) return null;
  return html`<h3>What differs from ${base}</h3>
    ${scrollRegion(
      "Table of changed fields",
      html`<table>
        <thead>
          <tr>
            <th scope="col">field</th>
            <th scope="col">here</th>
            <th scope="col">${base}</th>
          </tr>
        </thead>
        <tbody>
          ${differences.map(
            ({ field, own, named }) =>
              html`<tr>
                <th scope="row">${field}</th>
                <td>${JSON.stringify(own)}</td>
                <td>${JSON.stringify(named)}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}`;
}

function unreadablePictures({ data, unreadable, unreadableCount }: ScoredSet): Markup | null {
  if (unreadable.length === 0) return null;
  const more = unreadableCount - unreadable.length;
  return html`<details>
    <summary>Unreadable pictures of ${data.name}</summary>
    <ul class="plain">
      ${unreadable.map(({ key, reason }) => html`<li>${key}: ${reason}</li>`)}
      ${more > 0 && html`<li>and ${more} more</li>`}
    </ul>
  </details>`;
}

function dataLine({ name, origin, length, classes, listHash }: DataFacts): string {
  return `${name}: ${length} pictures of ${classes} classes, ${origin}, list SHA-256 ${listHash}`;
}

function timeLine({ total, parts, resumed }: TimeFacts): string {
  const interrupted =
    resumed === 0 ? "" : `, resumed ${resumed} ${resumed === 1 ? "time" : "times"}`;
  const pieces = parts.map(({ name, seconds }) => `${name} ${duration(seconds)}`).join(", ");
  return `${duration(total)}${interrupted}${pieces === "" ? "" : ` (${pieces})`}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
