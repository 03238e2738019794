import { describe, expect, it } from "vitest";
import { bytesSource, type ByteSource } from "../../src/byte-source.ts";
import { readSafetensorsHeader, readTensor } from "../../src/safetensors/read.ts";
import { encodeSafetensors, encodeSafetensorsHeader } from "../../src/safetensors/write.ts";
import type { Tensor } from "../../src/tensor.ts";
import { joinBytes } from "../join-bytes.ts";
import { modelErrorOf } from "../model-error-of.ts";
import { rawFile } from "./raw-file.ts";

const TENSORS: ReadonlyMap<string, Tensor> = new Map<string, Tensor>([
  ["uint8", { dtype: "uint8", shape: [3], data: new Uint8Array([1, 2, 255]) }],
  ["bool", { dtype: "bool", shape: [1], data: new Uint8Array([1]) }],
  ["int8", { dtype: "int8", shape: [1, 1], data: new Int8Array([-128]) }],
  ["int16", { dtype: "int16", shape: [2], data: new Int16Array([-1, 32_767]) }],
  ["uint16", { dtype: "uint16", shape: [1], data: new Uint16Array([65_535]) }],
  ["bfloat16", { dtype: "bfloat16", shape: [1, 2], data: new Uint16Array([0x3f80, 0x7fc1]) }],
  ["float16", { dtype: "float16", shape: [1], data: new Uint16Array([0x3c00]) }],
  ["float32", { dtype: "float32", shape: [2, 1], data: new Float32Array([1.5, -0]) }],
  ["int32", { dtype: "int32", shape: [1], data: new Int32Array([-(2 ** 31)]) }],
  ["uint32", { dtype: "uint32", shape: [1], data: new Uint32Array([2 ** 32 - 1]) }],
  ["float64", { dtype: "float64", shape: [], data: new Float64Array([Math.PI]) }],
  ["int64", { dtype: "int64", shape: [1], data: new BigInt64Array([-(2n ** 63n)]) }],
  ["uint64", { dtype: "uint64", shape: [1], data: new BigUint64Array([2n ** 64n - 1n]) }],
  ["__proto__", { dtype: "float32", shape: [0, 4], data: new Float32Array(0) }],
  ['ключ "\\\u0000', { dtype: "uint8", shape: [1], data: new Uint8Array([7]) }],
]);

describe("writing and reading", () => {
  it("shares the file's bytes where it may and they lie right, and gives the same either way", async () => {
    const file = joinBytes(encodeSafetensors(TENSORS, {}));
    // The same file one byte further on.
    const shifted = new Uint8Array(file.length + 1).subarray(1);
    shifted.set(file);
    for (const [bytes, shared] of [
      [file, true],
      [shifted, false],
    ] as const) {
      const source = bytesSource(bytes);
      const { tensors } = await readSafetensorsHeader(source, { subject: "file" });
      for (const [name, tensor] of TENSORS) {
        const found = await readTensor(source, tensors.get(name)!, { share: true });
        expect(found).toEqual(tensor);
        const aligned = shared || tensor.data.BYTES_PER_ELEMENT === 1;
        expect(found.data.buffer === bytes.buffer).toBe(aligned);
      }
    }
  });

  it("gives every tensor of every type back", async () => {
    const metadata = { format: "pt", __note__: "ü" };
    const bytes = joinBytes(encodeSafetensors(TENSORS, { metadata }));
    // At an odd offset, so that a reader which makes views instead of copies fails.
    const shifted = new Uint8Array(bytes.byteLength + 1).subarray(1);
    shifted.set(bytes);
    const source = bytesSource(shifted);
    const header = await readSafetensorsHeader(source, { subject: "round trip" });
    expect(header.metadata).toEqual(new Map(Object.entries(metadata)));
    expect([...header.tensors.keys()].sort()).toEqual([...TENSORS.keys()].sort());
    for (const [name, tensor] of TENSORS) {
      expect(await readTensor(source, header.tensors.get(name)!)).toEqual(tensor);
    }
  });

  it("aligns every tensor to its element, and the data to 8 bytes", async () => {
    const bytes = joinBytes(encodeSafetensors(TENSORS));
    const { tensors, dataStart } = await readSafetensorsHeader(bytesSource(bytes), { subject: "" });
    expect(dataStart % 8).toBe(0);
    for (const [name, { start }] of tensors) {
      expect(start % TENSORS.get(name)!.data.BYTES_PER_ELEMENT).toBe(0);
    }
  });

  it("depends on the tensors alone, not on their order", () => {
    const reversed = new Map([...TENSORS].toReversed());
    expect(joinBytes(encodeSafetensors(reversed))).toEqual(joinBytes(encodeSafetensors(TENSORS)));
  });

  it("lays out a header that the reader places alike", async () => {
    const { header, entries, byteLength } = encodeSafetensorsHeader([
      { name: "b", dtype: "bfloat16", shape: [3] },
      { name: "a", dtype: "bfloat16", shape: [5] },
    ]);
    const bytes = new Uint8Array(byteLength);
    bytes.set(header);
    const { tensors } = await readSafetensorsHeader(bytesSource(bytes), { subject: "" });
    expect([...tensors.values()]).toEqual(entries);
    expect(entries.map((entry) => entry.name)).toEqual(["a", "b"]);
  });

  it("writes views of the tensors' memory, not copies", () => {
    const data = new Float32Array([1, 2]);
    const [, chunk] = encodeSafetensors(new Map([["a", { dtype: "float32", shape: [2], data }]]));
    expect(chunk?.buffer).toBe(data.buffer);
  });

  it("reads the header in two small reads and no weights", async () => {
    const bytes = joinBytes(
      encodeSafetensors(
        new Map([["w", { dtype: "float32", shape: [1e5], data: new Float32Array(1e5) }]]),
      ),
    );
    const reads: number[] = [];
    const source: ByteSource = {
      byteLength: bytes.byteLength,
      async read(start, end) {
        reads.push(end - start);
        return bytes.subarray(start, end);
      },
    };
    await readSafetensorsHeader(source, { subject: "" });
    expect(reads).toHaveLength(2);
    expect(Math.max(...reads)).toBeLessThan(200);
  });

  it("stops when the signal has aborted", async () => {
    const bytes = joinBytes(encodeSafetensors(TENSORS));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(
      readSafetensorsHeader(bytesSource(bytes), { subject: "", signal }),
    ).rejects.toThrow("enough");
  });
});

describe("refused are", () => {
  it("a tensor of an element type that cannot be read", async () => {
    const file = rawFile({ w: { dtype: "F8_E4M3", shape: [2], data_offsets: [0, 2] } }, 2);
    const source = bytesSource(file);
    const { tensors } = await readSafetensorsHeader(source, { subject: "f8" });
    const error = await modelErrorOf(() => readTensor(source, tensors.get("w")!));
    expect(error).toMatchObject({ code: "unsupported", subject: "w" });
    expect(error.message).toContain("F8_E4M3");
  });

  it("data that does not fit its shape", async () => {
    const tensor: Tensor = { dtype: "float32", shape: [3], data: new Float32Array(2) };
    const error = await modelErrorOf(() => encodeSafetensors(new Map([["w", tensor]])));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toContain('tensor "w": float32 [3] takes 3 elements, found 2');
  });

  it("two tensors of one name and the metadata's name", async () => {
    const one = { name: "w", dtype: "uint8", shape: [] } as const;
    for (const tensors of [[one, one], [{ ...one, name: "__metadata__" }]]) {
      const error = await modelErrorOf(() => encodeSafetensorsHeader(tensors));
      expect(error.code).toBe("invalid-argument");
    }
  });
});
