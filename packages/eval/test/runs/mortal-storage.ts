// A storage whose process is killed.

import type { RunStorage } from "@internvit/eval";

/** The storage until it has written so often; then every call fails. */
export function diesAfterWrites(storage: RunStorage, writes: number): RunStorage {
  let left = writes;
  const check = (): void => {
    if (left <= 0) throw new Error("died");
  };
  return {
    async read(name) {
      check();
      return storage.read(name);
    },
    async write(name, bytes) {
      check();
      left--;
      await storage.write(name, bytes);
    },
  };
}
