// What is found out about data sets once in a run: it is kept in the run's folder, with the lists of pictures that it was
// found in, so that a run that goes on does not read its sets again.

import { canonicalJson, type RunStorage } from "@internvit/eval";

/** What names the pictures of a set. */
export interface ListedSet {
  readonly name: string;
  readonly listHash: string;
}

/** Options of `keptFindings`. */
export interface KeptFindingsOptions<T> {
  /** Name of the file. */
  readonly file: string;
  /** Undefined where nothing is kept. */
  readonly storage: RunStorage | undefined;
  /** The sets, in an order. */
  readonly sets: readonly ListedSet[];
  readonly find: () => Promise<T>;
}

/** The findings, which JSON must hold, and whether they were known. */
export async function keptFindings<T>({
  file,
  storage,
  sets,
  find,
}: KeptFindingsOptions<T>): Promise<{ readonly findings: T; readonly known: boolean }> {
  const lists = sets.map(({ name, listHash }) => ({ name, listHash }));
  const bytes = await storage?.read(file);
  if (bytes !== undefined) {
    const kept = JSON.parse(new TextDecoder().decode(bytes)) as {
      readonly lists: unknown;
      readonly findings: T;
    };
    if (canonicalJson(kept.lists) === canonicalJson(lists)) {
      return { findings: kept.findings, known: true };
    }
  }
  const findings = await find();
  const text = `${JSON.stringify({ lists, findings }, null, 2)}\n`;
  await storage?.write(file, new TextEncoder().encode(text));
  return { findings, known: false };
}
