// Which picture format a file is in, by its first bytes. Only these formats are handed to the decoder: libvips
// would also render SVG and PDF, which the reference does not read.

/** A picture format that `decodeImage` reads. */
export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "tiff" | "avif";

/** The formats as a user would call them, for messages. */
export const FORMAT_NAMES = "JPEG, PNG, WebP, GIF, TIFF or AVIF";

// Text (one character a byte) that a file of the format has at an offset.
const SIGNATURES: readonly (readonly [format: ImageFormat, offset: number, text: string])[] = [
  ["jpeg", 0, "\xff\xd8\xff"],
  ["png", 0, "\x89PNG\r\n\x1a\n"],
  ["gif", 0, "GIF87a"],
  ["gif", 0, "GIF89a"],
  ["webp", 8, "WEBP"],
  ["tiff", 0, "II*\0"],
  ["tiff", 0, "MM\0*"],
  ["avif", 4, "ftypavif"],
  ["avif", 4, "ftypavis"],
];

/** How many bytes tell the format. */
export const FORMAT_BYTES = 16;

/** The format, or undefined when the first bytes are of none. */
export function detectImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, FORMAT_BYTES));
  return SIGNATURES.find(([, offset, text]) => start.startsWith(text, offset))?.[0];
}
