// Files as chunks with a hash each: the browser's SHA-256 takes its input whole, so that one hash of a file would need
// the file in memory. A list of hashes finds damage as well, says where it is, and grows while a file is written.

/** Length of every chunk of a file but the last. */
export const CHUNK_BYTES: number = 4 * 2 ** 20;

/** Length of a hash. */
export const HASH_BYTES = 32;

/** Chunks that are read and hashed at once; the browser hashes each on a thread of its own. */
const AT_ONCE = 4;

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: BufferSource): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Two lower-case digits for each byte. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The inverse of `toHex`. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

/** Bytes that are checked. */
export interface ChunkBytes {
  readonly byteLength: number;
  /** Rejects or throws a NotReadableError where the disk does not give them back. */
  read(start: number, end: number): BufferSource | Promise<BufferSource>;
}

/** The bytes of a Blob. */
export function blobBytes(blob: Blob): ChunkBytes {
  return {
    byteLength: blob.size,
    read: (start, end) => blob.slice(start, end).arrayBuffer(),
  };
}

/** How many chunks from the start are what their hashes say; `onBytes` hears of every one that was read. */
export async function countGoodChunks(
  bytes: ChunkBytes,
  hashes: readonly string[],
  onBytes: (count: number) => void,
): Promise<number> {
  const isGood = async (hash: string, index: number): Promise<boolean> => {
    const end = Math.min((index + 1) * CHUNK_BYTES, bytes.byteLength);
    const start = Math.min(index * CHUNK_BYTES, end);
    try {
      const good = (await sha256(await bytes.read(start, end))) === hash;
      onBytes(end - start);
      return good;
    } catch (error) {
      // What the disk does not give back is damaged, too.
      if ((error as Error).name === "NotReadableError") return false;
      throw error;
    }
  };
  for (let first = 0; first < hashes.length; first += AT_ONCE) {
    const some = hashes.slice(first, first + AT_ONCE);
    const good = await Promise.all(some.map((hash, index) => isGood(hash, first + index)));
    const bad = good.indexOf(false);
    if (bad >= 0) return first + bad;
  }
  return hashes.length;
}

/** Cuts bytes that come in any sizes into chunks; `take` may keep nothing of what it gets. */
export function chunkCutter(take: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>): {
  add(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
} {
  const buffer = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  return {
    async add(bytes) {
      for (let position = 0; position < bytes.byteLength;) {
        const part = bytes.subarray(position, position + CHUNK_BYTES - filled);
        buffer.set(part, filled);
        filled += part.byteLength;
        position += part.byteLength;
        if (filled < CHUNK_BYTES) continue;
        await take(buffer);
        filled = 0;
      }
    },
    async end() {
      if (filled > 0) await take(buffer.subarray(0, filled));
      filled = 0;
    },
  };
}
