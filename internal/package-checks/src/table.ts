// Plain text in columns, numbers to the right.

/** Rows under a heading, the first column to the left. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const lines = [heading, ...rows].map((row) => row.map(String));
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
        )
        .join("  "),
    )
    .join("\n")
    .concat("\n");
}
