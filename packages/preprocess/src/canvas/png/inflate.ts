// zlib data to bytes by the platform's own decompressor.

/**
 * `length` bytes out of compressed parts. Fewer where the data ends early or is broken; what follows them is not
 * looked at.
 */
export async function inflate(
  parts: readonly Uint8Array<ArrayBuffer>[],
  options: { readonly length: number; readonly signal: AbortSignal | undefined },
): Promise<Uint8Array> {
  const { length, signal } = options;
  const bytes = new Uint8Array(length);
  let written = 0;
  const reader = new Blob([...parts])
    .stream()
    .pipeThrough(new DecompressionStream("deflate"))
    .getReader();
  try {
    while (written < length) {
      const { value, done } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      bytes.set(value.subarray(0, length - written), written);
      written += Math.min(value.length, length - written);
    }
  } catch {
    // Broken data, in words that differ between platforms; the parts are in memory, so that nothing else fails.
    signal?.throwIfAborted();
  } finally {
    await reader.cancel().catch(() => {});
  }
  return bytes.subarray(0, written);
}
