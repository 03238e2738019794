// @ts-check
// The tables of the browser benchmark in benchmarks/README.md, made from its result; also by itself:
//
//   node benchmarks/src/browser-table.mjs

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { ROOT } from "./environment.mjs";

const README = join(ROOT, "benchmarks/README.md");
const BEGIN = "<!-- browser.mjs writes from here -->";
const END = "<!-- to here -->";

/** @param {readonly unknown[]} cells */
const line = (cells) => `| ${cells.join(" | ")} |`;

/** @param {readonly string[]} heads @param {readonly (readonly unknown[])[]} rows numbers right, the first column left */
function table(heads, rows) {
  const rule = heads.map((_, i) => (i === 0 ? "---" : "--:"));
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
}

/** @param {any} row */
const ratio = (row) => (row.timesPeer === null ? "–" : row.timesPeer.toFixed(2));
/** @param {any} tasks */
const long = ({ count, longestMs }) => (count === 0 ? "none" : `${count}, up to ${longestMs} ms`);

/** @param {any} result browser.json */
function sections(result) {
  const { environment, workload, preprocessing } = result;
  const { versions } = environment;
  const parts = [
    `${environment.cpu}, ${environment.cores} vCPU; Chromium ${versions.chromium}; ` +
      `${environment.date.slice(0, 10)}; WebAssembly with ${workload.threads} threads; ` +
      `WebGPU on ${workload.adapter}.`,
  ];
  const rows = [];
  for (const provider of ["wasm", "webgpu"]) {
    const measured = result[provider];
    if (measured === undefined) continue;
    for (const [what, key] of [
      ["page to first embedding", "load"],
      ["picture, encoding alone", "encode"],
      ["picture, JPEG to embedding", "jpegToEmbedding"],
    ]) {
      for (const row of measured[/** @type {string} */ (key)] ?? []) {
        const tasks = row.longTasks === undefined ? "" : long(row.longTasks);
        rows.push([
          `${provider}: ${what}`,
          row.side,
          Math.round(row.medianMs),
          Math.round(row.fastestMs),
          ratio(row),
          row.cpuMs ?? "",
          tasks,
          row.peakMemoryMB ?? "",
        ]);
      }
    }
  }
  if (rows.length > 0) {
    parts.push(
      table(
        [
          "what",
          "who",
          "median, ms",
          "fastest, ms",
          "× peer, turn by turn",
          "processor, ms",
          "long tasks",
          "peak memory, MB",
        ],
        rows,
      ),
    );
  }
  if (preprocessing !== undefined) {
    parts.push(
      table(
        [
          "preprocessing",
          "who",
          "median, ms",
          "fastest, ms",
          "× peer, turn by turn",
          "Node's bytes",
        ],
        preprocessing.map((/** @type {any} */ row) => [
          `${row.picture}, from ${row.from === "jpeg" ? "its file" : "pixels"}`,
          row.side,
          row.medianMs,
          row.fastestMs,
          ratio(row),
          row.equalsNode ? "yes" : "no",
        ]),
      ),
    );
  }
  return parts.join("\n\n");
}

/** Renews the tables. @param {unknown} result */
export async function writeTables(result) {
  const text = await readFile(README, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${README} has no place for the browser's tables`);
  const middle = `${BEGIN}\n\n${sections(result)}\n\n`;
  await writeFile(README, text.slice(0, begin) + middle + text.slice(end));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(ROOT, "benchmarks/results/browser.json");
  await writeTables(JSON.parse(await readFile(path, "utf8")));
}
