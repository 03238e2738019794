// Small data sets in temporary folders, in all layouts.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ByteWriter, parquetWriteRows } from "hyparquet-writer";
import sharp from "sharp";

/** A new empty folder that is removed when the scope ends. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "internvit-eval-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A JPEG of 8 by 8 pixels, another one for each number. */
export async function tinyJpeg(number: number): Promise<Uint8Array> {
  const background = { r: number % 256, g: (number >> 8) % 256, b: 128 };
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

/** Writes files by their paths from `folder`. */
export function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** A tar archive of these members, ustar. */
export function tarOf(members: readonly (readonly [string, string | Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, content] of members) {
    const bytes = Buffer.from(content as Uint8Array);
    parts.push(tarHeader(name, { size: bytes.length, type: "0" }), padded(bytes));
  }
  return Buffer.concat([...parts, new Uint8Array(1024)]);
}

/** A header of a tar archive. */
export function tarHeader(
  name: string,
  { size, type }: { readonly size: number; readonly type: string },
): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Bytes filled up to whole blocks of a tar archive. */
export function padded(bytes: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(Math.ceil(bytes.length / 512) * 512);
  whole.set(bytes);
  return whole;
}

/** A row of a Parquet file of pictures. */
export interface PictureRow {
  readonly bytes: Uint8Array;
  readonly path?: string;
  readonly label: number;
}

/** A Parquet file as the library `datasets` writes it. */
export function parquetOf(
  rows: readonly PictureRow[],
  options: {
    readonly classes?: readonly string[];
    readonly rowGroupSize?: number;
    /** Whether the place of each page is written. */
    readonly indexed?: boolean;
    readonly pageSize?: number;
  } = {},
): Uint8Array {
  const { classes, rowGroupSize = 2, indexed = false, pageSize } = options;
  const features = {
    image: { _type: "Image" },
    label: { _type: "ClassLabel", names: classes },
  };
  const writer = new ByteWriter();
  void parquetWriteRows({
    writer,
    rows: rows.map(({ bytes, path, label }) => ({
      image: { bytes, path: path ?? null },
      label: BigInt(label),
    })),
    columns: [
      { name: "image", offsetIndex: indexed },
      { name: "label", offsetIndex: indexed },
    ],
    schema: [
      { name: "schema", num_children: 2 },
      { name: "image", repetition_type: "OPTIONAL", num_children: 2 },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
    ],
    rowGroupSize,
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(classes === undefined
      ? {}
      : { kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }] }),
  });
  return writer.getBytes();
}
