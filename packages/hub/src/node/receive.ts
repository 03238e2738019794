// Receives pieces over the network into the partial file. A broken connection is taken up again at the byte where it
// broke; failures count only as long as no byte comes.

import type { HubConnection } from "../connection.ts";
import { openRange, openWhole, type RangeAnswer } from "../http-range.ts";
import { waitBeforeRetry } from "../retry.ts";
import type { PartialFile } from "./partial-file.ts";
import type { Piece, Segment, TransferPlan } from "./transfer-plan.ts";

/** What a transfer works with. */
export interface TransferContext {
  readonly plan: TransferPlan;
  readonly partial: PartialFile;
  readonly connection: HubConnection;
  /** The ETag of each source, once an answer told it. */
  readonly etags: Map<number, string>;
  /** Told of every block that arrives. */
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
}

/** Fetches one piece and writes it; it is not noted as finished yet. */
export async function receivePiece(piece: Piece, context: TransferContext): Promise<void> {
  const { plan, connection, signal } = context;
  const source = plan.sources[piece.source]!;
  let position = piece.start;
  let failures = 0;
  while (position < piece.end) {
    try {
      const answer = await openRange(source, {
        connection,
        signal,
        etag: context.etags.get(piece.source),
        start: position,
        end: piece.end,
        conditional: true,
      });
      await consume(answer, piece.source, context, async (block) => {
        await writeSegments(block, { position, segments: piece.segments, context });
        position += block.byteLength;
        failures = 0;
      });
    } catch (error) {
      failures++;
      await waitBeforeRetry(error, { connection, signal, failures });
    }
  }
}

/**
 * Fetches the whole of a plan's only source as one stream, for servers without ranges, and writes the pieces that are
 * missing. After a break the stream starts again from the beginning.
 *
 * @param onFinished told of every piece that is complete
 */
export async function receiveInOrder(
  context: TransferContext,
  options: {
    readonly unfinished: ReadonlySet<number>;
    readonly onFinished: (piece: number) => Promise<void>;
  },
): Promise<void> {
  const { plan, connection, signal } = context;
  const [source] = plan.sources;
  const left = new Set(options.unfinished);
  let failures = 0;
  while (left.size > 0) {
    let position = 0;
    const before = left.size;
    try {
      const answer = await openWhole(source!, { connection, signal, etag: context.etags.get(0) });
      await consume(answer, 0, context, async (block) => {
        const end = position + block.byteLength;
        // A set may lose the entry that is being visited.
        for (const index of left) {
          const piece = plan.pieces[index]!;
          if (piece.start >= end || piece.end <= position) continue;
          await writeSegments(block, { position, segments: piece.segments, context });
          if (piece.end > end) continue;
          await options.onFinished(index);
          left.delete(index);
        }
        position = end;
      });
    } catch (error) {
      failures = left.size < before ? 1 : failures + 1;
      await waitBeforeRetry(error, { connection, signal, failures });
    }
  }
}

async function consume(
  answer: RangeAnswer,
  source: number,
  context: TransferContext,
  write: (block: Uint8Array) => Promise<void>,
): Promise<void> {
  try {
    if (answer.etag !== undefined && !context.etags.has(source)) {
      context.etags.set(source, answer.etag);
      await context.partial.noteEtag(source, answer.etag);
    }
    for await (const block of answer.blocks) {
      context.onBytes(block.byteLength);
      await write(block);
      context.signal.throwIfAborted();
    }
  } finally {
    answer.close();
  }
}

/** Writes those bytes of a block that belong to segments. `position` is the block's place in the source. */
async function writeSegments(
  block: Uint8Array,
  where: {
    readonly position: number;
    readonly segments: readonly Segment[];
    readonly context: TransferContext;
  },
): Promise<void> {
  const { position, segments, context } = where;
  for (const { start, target, byteLength } of segments) {
    const from = Math.max(start, position);
    const to = Math.min(start + byteLength, position + block.byteLength);
    if (from >= to) continue;
    await context.partial.write(
      block.subarray(from - position, to - position),
      target + (from - start),
    );
  }
}
