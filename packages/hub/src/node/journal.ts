// The journal of a partial file: which pieces are on the disk. Lines are only ever appended, each after its piece
// was flushed, so a line never promises bytes that are not there. A process may be killed inside a write: what comes
// after the last line break is cut off before anything is appended, or it would run into the next line.
//
//   internvit-journal 1 <fingerprint of the plan>
//   etag <source> <JSON string>
//   done <piece>

/** What a journal says. */
export interface Journal {
  readonly finished: ReadonlySet<number>;
  /** By index of the source. */
  readonly etags: ReadonlyMap<number, string>;
  /** Length of the part that is valid, in bytes. */
  readonly byteLength: number;
}

/** The first line of a journal. */
export function journalHeader(fingerprint: string): string {
  return `internvit-journal 1 ${fingerprint}\n`;
}

/** The line for a finished piece. */
export function finishedLine(piece: number): string {
  return `done ${piece}\n`;
}

/** The line for the ETag under which a source's bytes came. */
export function etagLine(source: number, etag: string): string {
  return `etag ${source} ${JSON.stringify(etag)}\n`;
}

/** The state that a journal holds, up to its first torn or foreign line; undefined when it is of another plan. */
export function parseJournal(
  text: string,
  { fingerprint, pieces }: { readonly fingerprint: string; readonly pieces: number },
): Journal | undefined {
  const header = journalHeader(fingerprint);
  if (!text.startsWith(header)) return undefined;
  const finished = new Set<number>();
  const etags = new Map<number, string>();
  let position = header.length;
  for (let end = text.indexOf("\n", position); end >= 0; end = text.indexOf("\n", position)) {
    const line = text.slice(position, end);
    const [, piece] = /^done (\d{1,9})$/.exec(line) ?? [];
    const [, source, etag] = /^etag (\d{1,9}) (".*")$/.exec(line) ?? [];
    if (piece !== undefined && Number(piece) < pieces) finished.add(Number(piece));
    else if (source !== undefined && etag !== undefined) {
      const value = parseString(etag);
      if (value === undefined) break;
      etags.set(Number(source), value);
    } else break;
    position = end + 1;
  }
  // ETags are visible ASCII, so characters are bytes.
  return { finished, etags, byteLength: position };
}

function parseString(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
