// Where a run keeps what must outlive it: features, checkpoints, results. A folder in Node, memory in a test or a page.

/** Bytes under names with slashes. */
export interface RunStorage {
  /** The bytes, or undefined where there are none. They belong to the caller. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Writes the bytes in place of what was there. Whoever reads afterwards, even after the process was killed while it
   * wrote, finds all of the old or all of the new ones.
   *
   * @throws EvalError `io`
   */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** A storage that is gone with the process. */
export function memoryStorage(): RunStorage {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    read: async (name) => files.get(name)?.slice(),
    write: async (name, bytes) => void files.set(name, bytes.slice()),
  };
}

/** The JSON under a name; undefined where there is none. */
export async function readJson(storage: RunStorage, name: string): Promise<unknown> {
  const bytes = await storage.read(name);
  return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as unknown);
}

/** Writes a value as JSON, readable for people. */
export async function writeJson(
  storage: RunStorage,
  { name, value }: { readonly name: string; readonly value: unknown },
): Promise<void> {
  await storage.write(name, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
}
