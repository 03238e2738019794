// Tables of text: aligned by spaces for a terminal, with bars for Markdown. Columns after the first hold numbers and are
// aligned to the right.

/** Rows of cells; the first is the head. All have as many. */
export type TableRows = readonly (readonly string[])[];

/** Aligned columns with a rule under the head; no line break at the end. */
export function plainTable(rows: TableRows): string {
  const widths = columnWidths(rows);
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  const [head = "", ...lines] = rows.map((row) => aligned(row, widths).join("  ").trimEnd());
  return [head, rule, ...lines].join("\n");
}

/** The same in Markdown. */
export function markdownTable(rows: TableRows): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = columnWidths(escaped).map((width) => Math.max(width, 3));
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  const [head = "", ...lines] = escaped.map((row) => `| ${aligned(row, widths).join(" | ")} |`);
  return [head, `| ${rule.join(" | ")} |`, ...lines].join("\n");
}

function columnWidths(rows: TableRows): readonly number[] {
  return (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? "")].length)),
  );
}

function aligned(row: readonly string[], widths: readonly number[]): readonly string[] {
  return widths.map((width, column) => {
    const cell = row[column] ?? "";
    const space = " ".repeat(width - [...cell].length);
    return column === 0 ? cell + space : space + cell;
  });
}

/** A number with a fixed number of decimals, "–" for none; its minus sign is the typographical one. */
export function decimals(value: number | null, places: number): string {
  return value === null ? "–" : value.toFixed(places).replace("-", "−");
}

/** A difference with its sign. */
export function signed(value: number | null, places: number): string {
  if (value === null) return "–";
  return `${value > 0 ? "+" : ""}${decimals(value, places)}`;
}
