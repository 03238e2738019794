// The worker for segmentation. It is started for one order; whoever does not want the result any more ends it.

import { createRequests } from "@internvit/model-core/session";

import { readFacts, readWhole } from "./read-head.ts";
import { segmentPicture } from "./segment-picture.ts";
import type {
  FromSegmentWorker,
  LogitsReply,
  SegmentOrder,
  SegmentResults,
} from "./segment-protocol.ts";

const port = globalThis as unknown as DedicatedWorkerGlobalScope;
const requests = createRequests<LogitsReply>();

type Outcome = [SegmentResults[keyof SegmentResults], Transferable[]];

function say(message: FromSegmentWorker, transfer: Transferable[] = []): void {
  port.postMessage(message, transfer);
}

async function carryOut(order: SegmentOrder): Promise<Outcome> {
  switch (order.kind) {
    case "read-facts":
      return [await readFacts(order), []];
    case "read-head":
      return await readWhole(order);
    case "segment": {
      const picture = await segmentPicture(order, async (pixels) => {
        const id = requests.nextId();
        const waiting = requests.wait(id, undefined);
        say({ kind: "windows", id, pixels }, [pixels.data.buffer as ArrayBuffer]);
        return (await waiting).logits;
      });
      return [picture, [picture.labels.data.buffer as ArrayBuffer, picture.paint]];
    }
  }
}

port.addEventListener("message", ({ data }: MessageEvent<SegmentOrder | LogitsReply>) => {
  if (data.kind === "logits") return requests.settle(data);
  carryOut(data).then(
    ([result, transfer]) => say({ kind: "done", result }, transfer),
    (error: unknown) =>
      say({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
});
