// CSV as RFC 4180 has it: fields in quotes may hold commas, line breaks and doubled quotes. Lines may also end with a
// line feed alone, a byte order mark is passed over, and so are empty lines. Text comes in pieces of any length and is not kept.

import { EvalError } from "../errors.ts";

/** A row and where it begins. */
export interface CsvRow {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** A quoted field that never ends would swallow the file; no path or label is that long. */
const MAX_FIELD = 65_536;

/**
 * The rows of a CSV, the header among them.
 *
 * @throws EvalError `invalid-data`, naming file and line, for quotes where none may be, or a quoted field without end
 */
export async function* parseCsv(
  pieces: AsyncIterable<string> | Iterable<string>,
  { subject }: { readonly subject: string },
): AsyncGenerator<CsvRow> {
  // Where the reader is: at the start of a field, in a plain or a quoted one, or behind a quote in a quoted one.
  let state: "start" | "plain" | "quoted" | "quote" = "start";
  let fields: string[] = [];
  let field = "";
  let line = 1;
  let begin = 1;
  let first = true;
  const refuse = (found: string): never => {
    throw new EvalError(
      "invalid-data",
      `${subject}:${begin}: expected CSV (RFC 4180), found ${found}`,
      {
        subject,
      },
    );
  };
  const endField = (): void => {
    fields.push(field);
    field = "";
    state = "start";
  };
  const endRow = (): CsvRow | undefined => {
    // The line feed of a CRLF ends no second row: a row of one empty field is an empty line.
    endField();
    const row = { line: begin, fields };
    fields = [];
    return row.fields.length === 1 && row.fields[0] === "" ? undefined : row;
  };
  for await (const piece of pieces) {
    for (const character of first && piece.startsWith("\uFEFF") ? piece.slice(1) : piece) {
      if (state === "start" && fields.length === 0) begin = line;
      if (character === "\n") line++;
      if (state === "quoted" && character !== '"') {
        field += character;
        if (field.length > MAX_FIELD) refuse(`a quoted field of more than ${MAX_FIELD} characters`);
      } else if (state === "quoted") state = "quote";
      else if (character === '"' && state === "quote") {
        field += character;
        state = "quoted";
      } else if (character === '"' && state === "start") state = "quoted";
      else if (character === '"') refuse("a quote within a field that does not begin with one");
      else if (character === ",") endField();
      else if (character === "\n" || character === "\r") {
        const row = endRow();
        if (row !== undefined) yield row;
      } else if (state === "quote") refuse(`"${character}" behind a quoted field`);
      else {
        field += character;
        state = "plain";
      }
    }
    first = false;
  }
  if (state === "quoted") refuse("a quoted field without its end");
  const row = endRow();
  if (row !== undefined) yield row;
}
