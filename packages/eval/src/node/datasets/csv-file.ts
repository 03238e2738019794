// A CSV with the columns `path` and `label`, others being ignored. Paths are relative to the CSV's folder. Labels are
// class names, or all of them whole numbers: then they are the labels themselves.

import { createReadStream } from "node:fs";
import { dirname, resolve } from "node:path";

import { parseCsv } from "../../datasets/parse-csv.ts";
import { EvalError } from "../../errors.ts";
import { createFileCheck } from "./check-files.ts";
import { type ClassNames, MAX_CLASSES, namedClasses, numberedClasses } from "./class-names.ts";
import { ioError } from "../io-error.ts";
import type { Listing, ListingOptions } from "./listing.ts";

interface LabelledRow {
  readonly key: string;
  readonly label: string;
  readonly line: number;
}

/**
 * The pictures of a CSV, in its order.
 *
 * @throws EvalError `invalid-data` for a wrong header, row or label, `not-found` for pictures that are not there, `io`
 */
export async function listCsv(
  path: string,
  options: ListingOptions & { readonly names: ClassNames | undefined },
): Promise<Listing> {
  const { writer, onProgress, signal } = options;
  const names = options.names ?? (await findClasses(path, signal));
  const pathOf = (key: string): string => resolve(dirname(path), key);
  const check = createFileCheck(path, { pathOf });
  let count = 0;
  for await (const { key, label, line } of readRows(path)) {
    signal?.throwIfAborted();
    const number = names.labelOf(label);
    if (number === undefined) {
      throw new EvalError(
        "invalid-data",
        `${path}:${line}: expected a label out of ${names.expected}, found "${label}" for ${key}`,
        { subject: path },
      );
    }
    await check.add({ key, line });
    await writer.append({ key, labels: [number], where: [] });
    count++;
  }
  await check.finish();
  onProgress?.({ stage: "list", done: count, total: count, unit: "images" });
  return {
    classes: names.classes,
    passedOver: { count: 0, examples: [] },
  };
}

/** The classes that the labels of a CSV name: numbers up to the highest, or names, sorted. */
async function findClasses(path: string, signal: AbortSignal | undefined): Promise<ClassNames> {
  const found = new Set<string>();
  for await (const { label } of readRows(path)) {
    signal?.throwIfAborted();
    found.add(label);
  }
  const labels = [...found];
  if (!labels.every((label) => /^\d+$/.test(label))) return namedClasses(labels.sort());
  const highest = labels.reduce((most, label) => Math.max(most, Number(label)), -1);
  if (highest >= MAX_CLASSES) {
    throw new EvalError(
      "invalid-data",
      `${path}: expected labels below ${MAX_CLASSES}, found ${highest}`,
      { subject: path },
    );
  }
  return numberedClasses(Array.from({ length: highest + 1 }, (_, label) => String(label)));
}

async function* readRows(path: string): AsyncGenerator<LabelledRow> {
  let columns: { readonly path: number; readonly label: number } | undefined;
  try {
    const pieces = createReadStream(path, "utf8") as AsyncIterable<string>;
    for await (const { line, fields } of parseCsv(pieces, { subject: path })) {
      if (columns === undefined) {
        columns = readHeader(fields, path);
        continue;
      }
      const [key, label] = [fields[columns.path] ?? "", fields[columns.label]?.trim() ?? ""];
      if (key === "" || label === "") {
        throw new EvalError(
          "invalid-data",
          `${path}:${line}: expected a path and a label, found ${JSON.stringify(fields.join(","))}`,
          { subject: path },
        );
      }
      yield { key, label, line };
    }
  } catch (cause) {
    throw ioError(`the CSV ${path} cannot be read`, { subject: path, cause });
  }
  if (columns === undefined) readHeader([], path);
}

function readHeader(
  fields: readonly string[],
  path: string,
): { readonly path: number; readonly label: number } {
  const names = fields.map((field) => field.trim().toLowerCase());
  const columns = { path: names.indexOf("path"), label: names.indexOf("label") };
  if (columns.path >= 0 && columns.label >= 0) return columns;
  const found = fields.length === 0 ? "an empty file" : `"${fields.join(",")}"`;
  throw new EvalError(
    "invalid-data",
    `${path}:1: expected a header with the columns path and label, found ${found}`,
    { subject: path },
  );
}
