import { expect, test } from "vitest";

import { etagLine, finishedLine, journalHeader, parseJournal } from "../../src/node/journal.ts";

const PLAN = { fingerprint: "f".repeat(64), pieces: 200 };
const LINES = [
  journalHeader(PLAN.fingerprint),
  etagLine(0, '"abc"'),
  finishedLine(12),
  finishedLine(123),
  etagLine(3, 'W/"x\\y"'),
  finishedLine(7),
];

test("a journal cut off at any byte says what its whole lines say, and where they end", () => {
  const text = LINES.join("");
  for (let length = 0; length <= text.length; length++) {
    const journal = parseJournal(text.slice(0, length), PLAN);
    let whole = 0;
    while (whole < LINES.length && LINES.slice(0, whole + 1).join("").length <= length) whole++;
    const lines = LINES.slice(0, whole);
    expect(journal?.byteLength ?? 0, `${length}`).toBe(lines.join("").length);
    const pieces = [12, 123, 7].filter((piece) => lines.includes(finishedLine(piece)));
    expect([...(journal?.finished ?? [])]).toEqual(pieces);
    expect(journal?.etags.get(3)).toBe(whole > 4 ? 'W/"x\\y"' : undefined);
  }
});

test("nothing after a line that does not belong there is believed", () => {
  const header = LINES[0]!;
  for (const line of ["done 200\n", "done -1\n", "done 1 \n", "\0\0\0\n", 'etag 0 "a\n', "\n"]) {
    const journal = parseJournal(`${header}${finishedLine(1)}${line}${finishedLine(2)}`, PLAN);
    expect(journal?.finished, JSON.stringify(line)).toEqual(new Set([1]));
    expect(journal?.byteLength).toBe(header.length + finishedLine(1).length);
  }
});

test("the journal of another plan is not used", () => {
  expect(parseJournal(LINES.join(""), { ...PLAN, fingerprint: "e".repeat(64) })).toBeUndefined();
});
