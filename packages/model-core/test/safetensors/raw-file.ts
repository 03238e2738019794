/** A safetensors file from its parts, right or wrong: a header (text, or an object to be written as JSON) and data. */
export function rawFile(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + json.byteLength + bytes.byteLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  file.set(json, 8);
  file.set(bytes, 8 + json.byteLength);
  return file;
}
