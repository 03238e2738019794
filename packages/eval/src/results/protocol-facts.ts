// The protocol of a run as its result names it, whatever the task.

import type { JsonFacts, JsonValue } from "@internvit/model-core";

import { differences, type ProtocolDifference } from "../protocols/differences.ts";
import { NAMED_PROTOCOLS } from "../protocols/named-protocols.ts";
import { NAMED_SEGMENTATION_PROTOCOLS } from "../protocols/named-segmentation-protocols.ts";
import { hashProtocol } from "../protocols/protocol-hash.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { SegmentationProtocol } from "../protocols/segmentation-protocol.ts";
import type { ProtocolFacts } from "./result.ts";

/** A protocol as results name it: whole, with its hash, and what differs from the named one that it started from. */
export async function protocolFacts(
  protocol: Protocol | SegmentationProtocol,
): Promise<ProtocolFacts> {
  const found = differencesFromNamed(protocol);
  return {
    base: found === undefined ? null : protocol.name,
    hash: await hashProtocol(protocol),
    value: json(protocol) as JsonFacts,
    differences: (found ?? []).map(({ field, own, named }) => ({
      field,
      own: json(own),
      named: json(named),
    })),
  };
}

/** Undefined for a protocol that has no name of ours. */
function differencesFromNamed(
  protocol: Protocol | SegmentationProtocol,
): readonly ProtocolDifference[] | undefined {
  const all = "task" in protocol ? NAMED_SEGMENTATION_PROTOCOLS : NAMED_PROTOCOLS;
  const named = Object.hasOwn(all, protocol.name) ? all[protocol.name] : undefined;
  return named === undefined ? undefined : differences(protocol, named);
}

/** As results hold it: what is not there is null. */
function json(value: unknown): JsonValue {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as JsonValue);
}
