import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";

import { openClassificationSet } from "@internvit/eval/node";
import { imagenetWnids } from "@internvit/eval";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { PANDAS_PARQUET } from "./pandas-parquet.ts";
import { parquetOf, type PictureRow, temporaryFolder, tinyJpeg, writeFiles } from "./write-sets.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder[Symbol.dispose]());

async function rowsOf(count: number, first = 0): Promise<PictureRow[]> {
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  return Promise.all(
    numbers.map(async (number) => ({
      bytes: await tinyJpeg(number),
      path: `${number}.jpg`,
      label: number % 3,
    })),
  );
}

const CLASSES = ["cat", "dog", "owl"];

// Zstandard came with Node 22.15.
const zstd = "zstdDecompressSync" in zlib;
const READ = ["snappy", "gzip", ...(zstd ? (["zstd"] as const) : [])] as const;
const REFUSED = ["lz4", ...(zstd ? [] : (["zstd"] as const))] as const;

describe("Parquet shards", () => {
  it("give the pictures of the wanted part, with classes by the file's metadata", async () => {
    const rows = await rowsOf(7);
    writeFiles(folder.path, {
      "data/train-00000-of-00001.parquet": parquetOf(await rowsOf(2, 100), { classes: CLASSES }),
      "data/validation-00000-of-00002.parquet": parquetOf(rows.slice(0, 5), { classes: CLASSES }),
      "data/validation-00001-of-00002.parquet": parquetOf(rows.slice(5), { classes: CLASSES }),
    });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    expect(set).toMatchObject({
      layout: "parquet",
      length: 7,
      classes: CLASSES,
      classCounts: [3, 2, 2],
    });
    for (const index of [6, 0, 4, 5, 1, 3, 2]) {
      const { key, labels } = await set.picture(index);
      expect(key.endsWith(`/${index}.jpg`)).toBe(true);
      expect(labels).toEqual([index % 3]);
      expect(Buffer.from(await set.read(index))).toEqual(Buffer.from(rows[index]!.bytes));
      expect(await set.byteLength(index)).toBe(rows[index]!.bytes.length);
    }
    expect((await set.picture(5)).key).toBe("validation-00001-of-00002.parquet#0/5.jpg");
  });

  it("are read by pages where the file says where they are", async () => {
    const rows = await rowsOf(200);
    const parquet = parquetOf(rows, {
      classes: CLASSES,
      rowGroupSize: 150,
      indexed: true,
      pageSize: 2000,
    });
    writeFiles(folder.path, { "a.parquet": parquet });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    for (const index of [0, 63, 64, 149, 150, 199]) {
      expect(Buffer.from(await set.read(index))).toEqual(Buffer.from(rows[index]!.bytes));
    }
  });

  it("of ImageNet-1K have its WordNet ids as classes, whatever the file calls them", async () => {
    const rows = [{ bytes: await tinyJpeg(1), path: "ILSVRC2012_val_00000001.JPEG", label: 65 }];
    const names = Array.from({ length: 1000 }, (_, i) => `some name ${i}`);
    writeFiles(folder.path, { "val.parquet": parquetOf(rows, { classes: names }) });
    await using set = await openClassificationSet(`imagenet-1k=${folder.path}`);
    expect(set.classes).toEqual(imagenetWnids());
    expect((await set.picture(0)).labels).toEqual([65]);
  });

  it("have their labels found by name among the classes of a training set", async () => {
    const rows = await rowsOf(3);
    writeFiles(folder.path, { "a.parquet": parquetOf(rows, { classes: CLASSES }) });
    const classes = ["ant", "owl", "dog", "cat"];
    await using set = await openClassificationSet(`pets=${folder.path}`, { classes });
    const labels = await Promise.all([0, 1, 2].map((index) => set.picture(index)));
    expect(labels.map((picture) => picture.labels)).toEqual([[3], [2], [1]]);
    await expect(
      openClassificationSet(`pets=${folder.path}`, { classes: ["cat", "dog"] }),
    ).rejects.toThrow(/expected classes out of 2 classes "cat", "dog", found "owl"/);
  });

  it("are listed once, and again when a shard has changed", async () => {
    const path = join(folder.path, "set", "a.parquet");
    writeFiles(folder.path, { "set/a.parquet": parquetOf(await rowsOf(3), { classes: CLASSES }) });
    const cache = join(folder.path, "cache");
    const open = async (): Promise<{ readonly stages: number; readonly hash: string }> => {
      let stages = 0;
      await using set = await openClassificationSet(`pets=${join(folder.path, "set")}`, {
        cache,
        onProgress: () => stages++,
      });
      expect(await set.read(2)).toEqual(new Uint8Array(await tinyJpeg(set.length - 1)));
      return { stages, hash: set.listHash };
    };
    const first = await open();
    expect(first.stages).toBeGreaterThan(0);
    expect(await open()).toEqual({ stages: 0, hash: first.hash });
    writeFileSync(path, parquetOf(await rowsOf(3), { classes: CLASSES }));
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect((await open()).stages).toBeGreaterThan(0);
  });

  it.each(READ)("of pandas are read, compressed with %s", async (codec) => {
    writeFiles(folder.path, { "a.parquet": Buffer.from(PANDAS_PARQUET[codec], "base64") });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    expect(await set.picture(0)).toEqual({ index: 0, key: "a.parquet#0/a.png", labels: [1] });
    expect(await set.picture(1)).toEqual({ index: 1, key: "a.parquet#1/b.png", labels: [0] });
    const blue = await sharp(await set.read(1))
      .removeAlpha()
      .raw()
      .toBuffer();
    expect([...blue]).toEqual([0, 0, 250]);
  });

  it.each(REFUSED)("compressed with %s are refused with what is read", async (codec) => {
    writeFiles(folder.path, { "a.parquet": Buffer.from(PANDAS_PARQUET[codec], "base64") });
    await expect(openClassificationSet(`pets=${folder.path}`)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(
        /a\.parquet: expected Parquet compressed with Snappy, .*, found (LZ4_RAW|ZSTD) on Node /,
      ),
    });
  });

  it("whose pictures are bytes without a name are refused by the columns that they have", async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: "image", data: [await tinyJpeg(0)], type: "BYTE_ARRAY" },
        { name: "label", data: ["cat"], type: "STRING" },
      ],
    });
    writeFiles(folder.path, { "a.parquet": new Uint8Array(bytes) });
    await expect(openClassificationSet(`pets=${folder.path}`)).rejects.toThrow(
      'found the columns "image" (byte_array), "label" (byte_array)',
    );
  });

  it("that are cut off or no Parquet are refused by name", async () => {
    const whole = parquetOf(await rowsOf(6), { classes: CLASSES });
    for (const bytes of [whole.subarray(0, whole.length - 100), Buffer.from("no Parquet at all")]) {
      writeFiles(folder.path, { "a.parquet": bytes });
      await expect(openClassificationSet(`pets=${folder.path}`)).rejects.toMatchObject({
        code: "invalid-data",
        message: expect.stringMatching(/a\.parquet: expected a Parquet file of pictures, found: /),
      });
    }
  });

  it("with damaged pictures are refused when one is read", async () => {
    const whole = Buffer.from(parquetOf(await rowsOf(6), { classes: CLASSES, rowGroupSize: 6 }));
    // Behind the magic number stand the pages of the pictures.
    whole.fill(0xff, 4, 60);
    writeFiles(folder.path, { "a.parquet": whole });
    await using set = await openClassificationSet(`pets=${folder.path}`);
    await expect(set.read(0)).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("a.parquet: expected a Parquet file of pictures"),
    });
  });

  it("without pictures, or with labels out of range, are refused", async () => {
    const rows = [{ bytes: await tinyJpeg(0), label: -1 }];
    writeFiles(folder.path, { "a.parquet": parquetOf(rows, { classes: CLASSES }) });
    await expect(openClassificationSet(`pets=${folder.path}`)).rejects.toThrow(
      /a\.parquet: expected a label from 0 to 2, found "-1" for row 0/,
    );
  });
});
