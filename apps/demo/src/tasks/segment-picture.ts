// The page's side of the worker that segments a picture: hands its windows to encoder and head.

import type { InferenceSettings, WindowLogits } from "@internvit/eval";
import { RuntimeError } from "@internvit/model-core";

import type { PictureSource } from "../worker/protocol.ts";
import type {
  FromSegmentWorker,
  SegmentedPicture,
  ToSegmentWorker,
} from "../worker/segment-protocol.ts";

/** Options of `segmentPicture`. */
export interface SegmentPictureOptions {
  /** For messages. */
  readonly name: string;
  readonly logits: WindowLogits;
  readonly settings: InferenceSettings;
  readonly signal: AbortSignal;
  /** Hears how many windows have been through encoder and head. */
  readonly onWindows: (count: number) => void;
}

/**
 * Segments a picture in a worker of its own.
 *
 * @throws Error for what is no picture; what `logits.run` throws; RuntimeError `worker-lost`; the signal's reason
 */
export async function segmentPicture(
  source: PictureSource,
  options: SegmentPictureOptions,
): Promise<SegmentedPicture> {
  const { name, logits, settings, signal, onWindows } = options;
  signal.throwIfAborted();
  const worker = new Worker(new URL("../worker/segment-worker.ts", import.meta.url), {
    type: "module",
    name: "internvit-segment",
  });
  const tell = (message: ToSegmentWorker, transfer: Transferable[] = []): void =>
    worker.postMessage(message, transfer);
  const ending = new AbortController();
  let windows = 0;
  try {
    return await new Promise<SegmentedPicture>((resolve, reject) => {
      const answer = async ({ id, pixels }: Windows): Promise<void> => {
        const found = await logits.run(pixels, signal);
        onWindows((windows += pixels.shape[0]!));
        tell({ kind: "logits", id, logits: found });
      };
      worker.addEventListener("message", ({ data: message }: MessageEvent<FromSegmentWorker>) => {
        if (message.kind === "windows") answer(message).catch(reject);
        else if (message.kind === "segmented") resolve(message.picture);
        else reject(new Error(message.message));
      });
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        const what = event.message ?? "its script cannot be loaded";
        reject(new RuntimeError("worker-lost", `the worker that segments failed: ${what}`));
      });
      signal.addEventListener("abort", () => reject(signal.reason as Error), {
        signal: ending.signal,
      });
      const { classes, patchSize, batch } = logits;
      tell({ kind: "segment", source, name, settings, classes, patchSize, batch });
    });
  } finally {
    ending.abort();
    worker.terminate();
  }
}

type Windows = Extract<FromSegmentWorker, { readonly kind: "windows" }>;
