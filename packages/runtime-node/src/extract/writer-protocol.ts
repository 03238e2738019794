// What the extraction and the thread that writes for it say to each other. Every request gets one reply.

import type { RuntimeErrorCode } from "../errors.ts";
import type { RowBatch } from "./shard-writer.ts";
import type { ShardPlan } from "./shard-plan.ts";

/**
 * Requests to the writer:
 * - `open`: the batches that follow belong to this shard;
 * - `append`: the shard's next batch; with its last one it is complete and gets its name in the background;
 * - `stop`: what was appended is to survive, unfinished shards stay so;
 * - `close`: every complete shard has its name after this.
 */
export type WriterRequest =
  | { readonly kind: "open"; readonly plan: ShardPlan }
  | { readonly kind: "append"; readonly batch: RowBatch }
  | { readonly kind: "stop" }
  | { readonly kind: "close" };

/** A request on its way. */
export type NumberedRequest = WriterRequest & { readonly id: number };

/** The answer to the request of that number. */
export interface WriterReply {
  readonly id: number;
  /** Milliseconds that the thread has worked since its last reply. */
  readonly milliseconds: number;
  readonly error?: { readonly code: RuntimeErrorCode; readonly message: string };
}
