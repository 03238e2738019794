// A checkpoint is opened from its directory, or from what was stored of it when its server cannot be reached.

import type { Checkpoint, CheckpointDirectory } from "@internvit/model-core";

import { openCheckpoint } from "../open-checkpoint.ts";
import { readRecord, recordDirectory } from "./checkpoint-record.ts";
import type { KeepRequest, WeightsPlace } from "./keep-request.ts";

/** An opened checkpoint and what is kept of it. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly keep: KeepRequest;
  /** What a user should know of how it was opened. */
  readonly notes: readonly string[];
}

/** Opens a directory; throws as `openCheckpoint`. A checkpoint that is open already stays as it is. */
export async function openForKeeping(
  from: Checkpoint | CheckpointDirectory,
  { wanted, signal }: { readonly wanted: WeightsPlace; readonly signal?: AbortSignal },
): Promise<OpenedCheckpoint> {
  const cancel = signal === undefined ? {} : { signal };
  const plain = (checkpoint: Checkpoint, address: string | undefined): OpenedCheckpoint => {
    const { label } = checkpoint;
    const keep = { wanted, address: address ?? label, label, record: undefined };
    return { checkpoint, keep, notes: [] };
  };
  if (!("open" in from)) return plain(from, undefined);
  const { address } = from;
  if (address === undefined || wanted === "memory" || !isSecureContext) {
    return plain(await openCheckpoint(from, cancel), address);
  }
  const earlier = await readRecord(address);
  const recorded = recordDirectory(withAddress(from, address), earlier);
  const checkpoint = await openCheckpoint(recorded.directory, cancel);
  const record = recorded.finish();
  const { label } = checkpoint;
  const notes =
    recorded.offline === undefined
      ? []
      : [
          `${address} cannot be reached (${recorded.offline}): ${label} is used as it was stored on ${earlier?.created}`,
        ];
  return { checkpoint, keep: { wanted, address, label, record }, notes };
}

function withAddress(
  from: CheckpointDirectory,
  address: string,
): CheckpointDirectory & { readonly address: string } {
  return {
    get label() {
      return from.label;
    },
    address,
    open: (name) => from.open(name),
  };
}
