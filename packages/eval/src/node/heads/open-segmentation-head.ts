import {
  readSegmentationHead,
  type SegmentationHeadFile,
} from "../../heads/segmentation/read-head.ts";
import { readWholeFile } from "../whole-file.ts";

/**
 * A trained segmentation head from its file.
 *
 * @throws EvalError `not-found` or `io`, and what `readSegmentationHead` throws
 */
export async function openSegmentationHead(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<SegmentationHeadFile> {
  return readSegmentationHead(await readWholeFile(path, options), { subject: path });
}
