// Memory that is given back at once. The collector counts large buffers late: while weights were converted, Chromium had
// hundreds of megabytes of them that nobody used any more.

/** Gives a buffer's memory back; it is empty afterwards. Does nothing where the browser cannot (before 2024). */
export function freeBuffer(buffer: ArrayBufferLike): void {
  (buffer as { readonly transfer?: (byteLength: number) => ArrayBuffer }).transfer?.(0);
}
