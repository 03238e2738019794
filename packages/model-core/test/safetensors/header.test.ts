import { describe, expect, it } from "vitest";
import { bytesSource } from "../../src/byte-source.ts";
import { parseSafetensorsHeader, type SafetensorsHeader } from "../../src/safetensors/header.ts";
import { readSafetensorsHeader } from "../../src/safetensors/read.ts";
import { modelErrorOf } from "../model-error-of.ts";
import { rawFile } from "./raw-file.ts";

const F32 = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

function parse(file: Uint8Array): SafetensorsHeader {
  return parseSafetensorsHeader(file, { subject: "a.safetensors", fileLength: file.byteLength });
}

describe("parseSafetensorsHeader", () => {
  it("gives absolute places, in the order of the data whatever the order of the names", () => {
    const file = rawFile(
      {
        second: { dtype: "U8", shape: [3], data_offsets: [8, 11] },
        __metadata__: { format: "pt" },
        first: F32,
      },
      11,
    );
    const { tensors, metadata, dataStart } = parse(file);
    expect(dataStart).toBe(file.byteLength - 11);
    expect([...tensors.values()]).toEqual([
      {
        name: "first",
        dtype: "float32",
        dtypeCode: "F32",
        shape: [2],
        start: dataStart,
        byteLength: 8,
      },
      {
        name: "second",
        dtype: "uint8",
        dtypeCode: "U8",
        shape: [3],
        start: dataStart + 8,
        byteLength: 3,
      },
    ]);
    expect(metadata).toEqual(new Map([["format", "pt"]]));
  });

  it("accepts padding, no tensors, scalars and tensors without elements", () => {
    expect(parse(rawFile("{}   ")).tensors.size).toBe(0);
    const { tensors } = parse(
      rawFile(
        {
          none: { dtype: "F32", shape: [0, 1e15], data_offsets: [4, 4] },
          scalar: { dtype: "I32", shape: [], data_offsets: [0, 4] },
        },
        4,
      ),
    );
    expect(tensors.get("none")?.byteLength).toBe(0);
    expect(tensors.get("scalar")?.byteLength).toBe(4);
  });

  it("takes any name for a name", () => {
    const file = rawFile(
      `{"__proto__": ${JSON.stringify(F32)}, "a:b\\"{": {"dtype":"U8","shape":[],"data_offsets":[8,9]}}`,
      9,
    );
    expect([...parse(file).tensors.keys()]).toEqual(["__proto__", 'a:b"{']);
  });

  it("lists a tensor of an element type that it does not know", () => {
    const { tensors } = parse(
      rawFile({ w: { dtype: "F8_E4M3", shape: [5], data_offsets: [0, 5] } }, 5),
    );
    expect(tensors.get("w")).toMatchObject({ dtype: undefined, dtypeCode: "F8_E4M3" });
  });

  const tooLong = rawFile({ w: F32 }, 8);
  new DataView(tooLong.buffer).setUint32(0, 1e6, true);
  const huge = rawFile({ w: F32 }, 8);
  huge.fill(0xff, 0, 8);
  const overLimit = new Uint8Array(16);
  new DataView(overLimit.buffer).setUint32(0, 25_000_001, true);

  it.each<[string, Uint8Array, string]>([
    [
      "an empty file",
      new Uint8Array(0),
      "expected at least 8 bytes, the length of a safetensors header, found 0",
    ],
    ["7 bytes", new Uint8Array(7), "found 7"],
    [
      "a header beyond the end of the file",
      tooLong,
      "the header says that it ends at byte 1000008",
    ],
    ["a header of 2^64 - 1 bytes", huge, "expected a safetensors header of at most 25000000 bytes"],
    ["a header above the limit", overLimit, "found a length of 25000001"],
    ["an empty header", rawFile(""), 'start with "{"'],
    ["a header that is no object", rawFile("[1]"), 'must start with "{"'],
    [
      "a header with a space before it",
      rawFile(" {}"),
      'must start with "{", but its first byte is 32',
    ],
    ["a header that is not JSON", rawFile("{w: 1}"), "not JSON"],
    ["a header cut off", rawFile('{"w":{"dtype":"F32"'), "not JSON"],
    [
      "a header nested deeper than the stack",
      rawFile(`{"w":${"[".repeat(1e5)}`),
      "nests objects or arrays where none belong",
    ],
    [
      "a header full of empty arrays",
      rawFile(`{"w":[${"[],".repeat(1e5)}[]]}`),
      "nests objects or arrays where none belong",
    ],
    ["zeros after the JSON", rawFile("{}\0"), "not JSON"],
    [
      "a header that is not UTF-8",
      new Uint8Array([4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x22, 0x7d]),
      "is not UTF-8",
    ],
    [
      "a pickle",
      new Uint8Array([0x80, 2, 0x7d, 0x71, 0, 0x28, 0x58, 5, 0, 0]),
      "at most 25000000 bytes",
    ],
    [
      "a name given twice",
      rawFile(`{"w":${JSON.stringify(F32)},"w":${JSON.stringify(F32)}}`, 8),
      "gives a name twice",
    ],
    [
      "a field given twice",
      rawFile('{"w":{"dtype":"U8","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
      "gives a name twice",
    ],
    [
      "metadata that is no object",
      rawFile({ __metadata__: [1] }),
      "__metadata__: expected an object, found an array of 1",
    ],
    [
      "metadata that is no text",
      rawFile({ __metadata__: { a: 1 } }),
      '__metadata__ "a": expected a string, found 1',
    ],
    ["an entry that is no object", rawFile({ w: 5 }), 'tensor "w": expected an object, found 5'],
    [
      "no dtype",
      rawFile({ w: { shape: [], data_offsets: [0, 0] } }),
      'tensor "w": dtype: expected a string, found nothing',
    ],
    [
      "a dtype in the prototype",
      rawFile('{"w":{"__proto__":{"dtype":"F32"},"shape":[2],"data_offsets":[0,8]}}', 8),
      "nests objects",
    ],
    [
      "a dtype that is a number",
      rawFile({ w: { ...F32, dtype: 7 } }, 8),
      "dtype: expected a string, found 7",
    ],
    [
      "no shape",
      rawFile({ w: { dtype: "F32", data_offsets: [0, 8] } }, 8),
      "shape: expected whole numbers, found nothing",
    ],
    [
      "a shape with a fraction",
      rawFile({ w: { ...F32, shape: [1.5] } }, 8),
      "shape: expected whole numbers, found [1.5]",
    ],
    [
      "a negative shape",
      rawFile({ w: { ...F32, shape: [-1, -2] } }, 8),
      "shape: expected whole numbers, found [-1, -2]",
    ],
    [
      "a shape of text",
      rawFile({ w: { ...F32, shape: ["2"] } }, 8),
      'shape: expected whole numbers, found ["2"]',
    ],
    [
      "a shape that overflows",
      rawFile({ w: { ...F32, shape: [2 ** 31, 2 ** 31, 2 ** 31] } }, 8),
      "too many elements",
    ],
    [
      "a shape that overflows before a 0",
      rawFile({ w: { ...F32, shape: [2 ** 40, 2 ** 40, 0], data_offsets: [0, 0] } }),
      "too many elements",
    ],
    [
      "one offset",
      rawFile({ w: { ...F32, data_offsets: [0] } }, 8),
      "data_offsets: expected two whole numbers, found [0]",
    ],
    [
      "three offsets",
      rawFile({ w: { ...F32, data_offsets: [0, 4, 8] } }, 8),
      "data_offsets: expected two whole numbers",
    ],
    [
      "a negative offset",
      rawFile({ w: { ...F32, data_offsets: [-8, 0] } }, 8),
      "data_offsets: expected two whole numbers",
    ],
    [
      "offsets the wrong way round",
      rawFile({ w: { ...F32, data_offsets: [8, 0] } }, 8),
      "expected begin before end, found [8, 0]",
    ],
    [
      "offsets that do not span the elements",
      rawFile({ w: { ...F32, shape: [3] } }, 8),
      "F32 [3] takes 12 bytes, data_offsets span 8",
    ],
    [
      "a dtype of another width",
      rawFile({ w: { ...F32, dtype: "BF16" } }, 8),
      "BF16 [2] takes 4 bytes, data_offsets span 8",
    ],
    [
      "a further field",
      rawFile({ w: { ...F32, extra: 1 } }, 8),
      "expected dtype, shape and data_offsets, found 4 fields",
    ],
    [
      "offsets beyond the end",
      rawFile({ w: { ...F32, shape: [4], data_offsets: [0, 16] } }, 8),
      "in all from the header, found a file of",
    ],
    [
      "bytes after the last tensor",
      rawFile({ w: F32 }, 9),
      "in all from the header, found a file of",
    ],
    [
      "a hole before the first",
      rawFile({ w: { ...F32, data_offsets: [4, 12] } }, 12),
      'tensor "w" leaves a hole before it: expected it to start at byte 0 of the data, found 4',
    ],
    [
      "a hole between two",
      rawFile({ a: F32, b: { ...F32, data_offsets: [12, 20] } }, 20),
      'tensor "b" leaves a hole before it',
    ],
    [
      "an overlap",
      rawFile({ a: F32, b: { ...F32, data_offsets: [4, 12] } }, 12),
      'tensor "b" overlaps the tensor before it',
    ],
    ["two tensors in one place", rawFile({ a: F32, b: F32 }, 8), "overlaps the tensor before it"],
  ])("refuses %s", async (_, file, message) => {
    const error = await modelErrorOf(() => parse(file));
    expect(error.message).toContain("a.safetensors: ");
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code: "malformed", subject: "a.safetensors" });
    const read = await modelErrorOf(() =>
      readSafetensorsHeader(bytesSource(file), { subject: "a.safetensors" }),
    );
    expect(read.message).toBe(error.message);
  });

  it("keeps the message short when a name is long", async () => {
    const error = await modelErrorOf(() => parse(rawFile({ ["x".repeat(1e6)]: 5 })));
    expect(error.message.length).toBeLessThan(300);
  });
});
