// A picture file as it is handed to the browser's decoder: what its header says, and its bytes without what browsers
// would act on.

import type { SourceMode } from "../decode-contract.ts";
import type { ImageFormat } from "../image-format.ts";
import type { Orientation } from "../orientation.ts";

/** The header and the bytes to decode. */
export interface PreparedPicture {
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
  readonly mode: SourceMode;
  readonly orientation: Orientation;
  /** What is wrong with a file that a browser would show in part; undefined for a whole one. */
  readonly flaw: string | undefined;
  /** Media type of the parts. */
  readonly type: string;
  /** The file to decode, in pieces. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}
