// A TensorHolder over a worker. When the GPU device is lost, its tensors are gone, and with them what they were needed for:
// unlike a session, a holder does not begin again on a new one.

import type { GraphModel, TensorHolder } from "@internvit/model-core";
import { createHolder } from "@internvit/model-core/session";

import { RuntimeError } from "./errors.ts";
import type { SessionWorker } from "./session-worker.ts";
import type { WeightBlobs } from "./worker/protocol.ts";

/** A holder of this package. */
export interface WebTensorHolder extends TensorHolder {
  /** Destroys the GPU device, as a reset of the driver would. Does nothing on `wasm`. */
  loseDevice(): Promise<void>;
}

/** The holder over a worker that was started for it. */
export function openWebHolder(
  worker: SessionWorker,
  graphs: {
    readonly files: WeightBlobs;
    /** Gives ModelProto bytes. */
    readonly encode: (model: GraphModel) => Uint8Array<ArrayBuffer>;
  },
): WebTensorHolder {
  const { files, encode } = graphs;
  const holder = createHolder({
    ...worker,
    async load(model, options) {
      const { session, description } = await worker.load(encode(model), {
        ...options,
        files,
        recordPlacement: false,
      });
      return {
        description,
        async run(feeds, runOptions) {
          const reply = await worker.run(feeds, { ...runOptions, session });
          if (reply.kind === "result") return reply;
          const text = `the GPU device was lost (${reply.reason}), and the tensors on it`;
          throw new RuntimeError("device-lost", text);
        },
        unload: () => worker.unload(session),
      };
    },
    terminate: async () => worker.terminate(),
  });
  return { ...holder, loseDevice: () => worker.loseDevice() };
}
