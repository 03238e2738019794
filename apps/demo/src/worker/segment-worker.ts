// Segments one picture: decodes it, cuts it into windows, asks the page for their logits, and makes labels of them, a row
// at a time. Whoever does not want the result any more ends the worker.

import { classColours, encodeLabelPng, segmentImage } from "@internvit/eval";
import { createRequests } from "@internvit/model-core/session";

import { decodeSource } from "./decode-source.ts";
import { foundClasses, paintLabels } from "./paint-labels.ts";
import type {
  FromSegmentWorker,
  LogitsReply,
  SegmentedPicture,
  SegmentOrder,
  ToSegmentWorker,
} from "./segment-protocol.ts";

const port = globalThis as unknown as DedicatedWorkerGlobalScope;
const requests = createRequests<LogitsReply | Extract<ToSegmentWorker, { kind: "error" }>>();

function say(message: FromSegmentWorker, transfer: Transferable[] = []): void {
  port.postMessage(message, transfer);
}

async function segment(order: SegmentOrder): Promise<SegmentedPicture> {
  const { source, settings, classes, patchSize, batch } = order;
  const { image } = await decodeSource(source, order);
  const labels = await segmentImage(image, {
    settings,
    logits: {
      classes,
      patchSize,
      batch,
      async run(pixels) {
        const id = requests.nextId();
        const waiting = requests.wait(id, undefined);
        say({ kind: "windows", id, pixels }, [pixels.data.buffer as ArrayBuffer]);
        return (await waiting).logits;
      },
    },
  });
  const colours = classColours(classes);
  const bytes = await encodeLabelPng(labels, { colours });
  return {
    labels,
    found: foundClasses(labels, colours),
    paint: await paintLabels(labels, colours),
    png: new Blob([bytes], { type: "image/png" }),
  };
}

port.addEventListener("message", ({ data: message }: MessageEvent<ToSegmentWorker>) => {
  if (message.kind !== "segment") return requests.settle(message);
  segment(message).then(
    (picture) =>
      say({ kind: "segmented", picture }, [
        picture.labels.data.buffer as ArrayBuffer,
        picture.paint,
      ]),
    (error: unknown) =>
      say({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
});
