// A weight file as ONNX Runtime wants it, one array of bytes, without the bytes. onnxruntime-web asks such an array for
// two things while it makes a session: its `byteLength`, and `subarray(start, end)` of one tensor, which it copies to
// its own memory or to the GPU at once. Here each answer is read from a Blob, synchronously, as only workers can; so
// one tensor is in JavaScript's memory at a time, never the file. docs/decisions/0020.

/** The bytes of a Blob, read where they are looked at. Worth nothing to whoever reads its elements. */
export function lazyBytes(blob: Blob): Uint8Array {
  const read = (start: number, end: number): Uint8Array =>
    new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(start, end)));
  return Object.defineProperties(new Uint8Array(0), {
    byteLength: { value: blob.size },
    subarray: { value: read },
  });
}
