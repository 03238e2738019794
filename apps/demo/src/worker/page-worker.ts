// The page's worker: makes the random model, decodes and crops pictures, finds principal components.

import { fitFeaturePalette } from "@internvit/model-core/features";

import { preparePicture } from "./prepare-picture.ts";
import type { PageReply, PageRequest } from "./protocol.ts";
import { makeRandomModel } from "./random-model.ts";

const port = globalThis as unknown as DedicatedWorkerGlobalScope;

async function answer(request: PageRequest): Promise<[PageReply, Transferable[]]> {
  const { id } = request;
  switch (request.kind) {
    case "synthesize":
      return [{ kind: "synthesized", id, files: makeRandomModel() }, []];
    case "prepare": {
      const picture = await preparePicture(request.source, request);
      return [{ kind: "prepared", id, picture }, [picture.cropBitmap, picture.preview]];
    }
    case "fit":
      return [{ kind: "fitted", id, palette: fitFeaturePalette(request.pictures) }, []];
  }
}

port.addEventListener("message", ({ data: request }: MessageEvent<PageRequest>) => {
  answer(request).then(
    ([reply, transfer]) => port.postMessage(reply, transfer),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ kind: "error", id: request.id, code: "run-failed", message });
    },
  );
});
