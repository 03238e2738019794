import { parseCsv } from "@internvit/eval";
import { describe, expect, it } from "vitest";

async function rows(...pieces: readonly string[]): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const { line, fields } of parseCsv(pieces, { subject: "a.csv" })) {
    found.push([line, ...fields]);
  }
  return found;
}

describe("CSV", () => {
  it("has fields in quotes that hold commas, quotes and line breaks", async () => {
    const text = '\uFEFFa,b\r\n"1, one","two\nlines"\n\n"say ""hi""",\n,';
    const expected = [
      [1, "a", "b"],
      [2, "1, one", "two\nlines"],
      [5, 'say "hi"', ""],
      [6, "", ""],
    ];
    expect(await rows(text)).toEqual(expected);
    // The same in pieces of one character.
    expect(await rows(...text)).toEqual(expected);
  });

  it("is refused where quotes are wrong", async () => {
    await expect(rows('a\nb"c')).rejects.toThrow(/a\.csv:2: .*a quote within a field/);
    await expect(rows('"a"b')).rejects.toThrow(/a\.csv:1: .*"b" behind a quoted field/);
    await expect(rows('a\n"b\nc')).rejects.toThrow(/a\.csv:2: .*without its end/);
    await expect(rows(`"${"x".repeat(70_000)}"`)).rejects.toThrow(/more than 65536 characters/);
  });
});
