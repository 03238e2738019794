// The page's side of the worker for segmentation: each order has a worker of its own, which ends with it.

import type { InferenceSettings, SegmentationHeadFile, WindowLogits } from "@internvit/eval";

import type { PictureSource } from "../worker/protocol.ts";
import type {
  FromSegmentWorker,
  HeadDescription,
  LogitsReply,
  SegmentedPicture,
  SegmentOrder,
  SegmentResults,
} from "../worker/segment-protocol.ts";
import { onWorkerLost } from "./worker-lost.ts";

/** What the file of a head says of itself. Rejects with what is wrong with it. */
export async function readHeadFacts(file: File): Promise<HeadDescription> {
  return await carryOut({ kind: "read-facts", file, name: file.name });
}

/** The file of a head as a whole. Rejects with what is wrong with it. */
export async function readHead(file: File): Promise<SegmentationHeadFile> {
  return await carryOut({ kind: "read-head", file, name: file.name });
}

/**
 * Segments a picture.
 *
 * @throws Error for what is no picture; what `logits.run` throws; RuntimeError `worker-lost`; the signal's reason
 */
export async function segmentPicture(
  source: PictureSource,
  options: {
    /** For messages. */
    readonly name: string;
    readonly logits: WindowLogits;
    readonly settings: InferenceSettings;
    readonly signal: AbortSignal;
    /** Hears how many windows have been through encoder and head. */
    readonly onWindows: (count: number) => void;
  },
): Promise<SegmentedPicture> {
  const { name, logits, settings, signal, onWindows } = options;
  const { classes, patchSize, batch } = logits;
  let windows = 0;
  return await carryOut(
    { kind: "segment", source, name, settings, classes, patchSize, batch },
    {
      signal,
      run: async (pixels) => {
        const count = pixels.shape[0]!;
        const found = await logits.run(pixels, signal);
        onWindows((windows += count));
        return found;
      },
    },
  );
}

async function carryOut<Order extends SegmentOrder>(
  order: Order,
  options: { readonly signal?: AbortSignal; readonly run?: WindowLogits["run"] } = {},
): Promise<SegmentResults[Order["kind"]]> {
  const { signal, run } = options;
  signal?.throwIfAborted();
  const worker = new Worker(new URL("../worker/segment-worker.ts", import.meta.url), {
    type: "module",
    name: "internvit-segment",
  });
  const ending = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<FromSegmentWorker>) => {
        if (data.kind === "done") return resolve(data.result as SegmentResults[Order["kind"]]);
        if (data.kind === "failed") return reject(new Error(data.message));
        run?.(data.pixels).then((logits) => {
          const reply: LogitsReply = { kind: "logits", id: data.id, logits };
          worker.postMessage(reply);
        }, reject);
      });
      onWorkerLost(worker, { name: "the worker for segmentation", hear: reject });
      const onAbort = (): void => reject(signal?.reason as Error);
      signal?.addEventListener("abort", onAbort, { signal: ending.signal });
      worker.postMessage(order);
    });
  } finally {
    ending.abort();
    worker.terminate();
  }
}
