// Tells, while the camera shows it, which class is before it: frame after frame, as fast as the encoder is.

import { classify, featureVector, type Verdict } from "../model/linear-head.ts";
import { preparePicture } from "../tasks/page-tasks.ts";
import { takePicture } from "./camera.ts";
import { encodePrepared } from "./encode-pictures.ts";
import { model } from "./model.ts";
import { headInUse } from "./teaching.ts";

/**
 * Watches a video until the signal aborts, or until there is no head to tell with.
 *
 * @throws what the encoder throws
 */
export async function watchCamera(
  video: HTMLVideoElement,
  options: { readonly signal: AbortSignal; readonly onVerdict: (verdict: Verdict) => void },
): Promise<void> {
  const { signal, onVerdict } = options;
  while (!signal.aborted) {
    const [used, taught] = [model.peek(), headInUse.peek()];
    if (used === undefined || taught === undefined) return;
    try {
      const frame = await takePicture(video);
      const prepared = await preparePicture(frame, { name: "the camera", config: used.processor });
      prepared.cropBitmap.close();
      prepared.preview.close();
      const features = await encodePrepared(prepared, used);
      if (!signal.aborted) onVerdict(classify(taught.head, featureVector(features)));
    } catch (error) {
      // A camera that was closed has no frames, and a model that was replaced encodes no more.
      if (!signal.aborted && model.peek() === used) throw error;
    }
  }
}
