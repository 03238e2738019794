// What `verify-precision` found, as a table for people.

import type { VectorComparison } from "./compare-vectors.ts";
import type { PictureComparison } from "./verify-precision.ts";

const HEAD = ["picture", "output", "min cosine", "mean cosine", "max error"] as const;

/** A line per picture and output, and one per output over all pictures. */
export function precisionTable(
  pictures: readonly PictureComparison[],
  all: readonly (VectorComparison & { readonly output: string })[],
): string {
  const rows = pictures.flatMap(({ file, outputs }) =>
    Object.entries(outputs).map(([output, one]) => [file, output, ...numbersOf(one)]),
  );
  const sums = all.map((one) => ["all", one.output, ...numbersOf(one)]);
  const widths = HEAD.map((title, column) =>
    Math.max(...[HEAD, ...rows, ...sums].map((row) => (row[column] ?? title).length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [line(HEAD), rule, ...rows.map(line), rule, ...sums.map(line)].join("\n");
}

function numbersOf({ minimumCosine, meanCosine, maxAbsolute }: VectorComparison): string[] {
  return [minimumCosine.toFixed(6), meanCosine.toFixed(6), maxAbsolute.toPrecision(3)];
}
