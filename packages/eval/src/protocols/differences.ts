// In which fields two protocols differ: what a result says beside the name of the protocol that it started from.

import { canonicalJson, isRecord } from "./protocol-hash.ts";
import type { Protocol } from "./protocol.ts";
import type { SegmentationProtocol } from "./segmentation-protocol.ts";

/** A field with two values. */
export interface ProtocolDifference {
  /** Path with dots: `optimizer.momentum`. */
  readonly field: string;
  /** Undefined where the protocol does not have it. */
  readonly own: unknown;
  readonly named: unknown;
}

/** The fields of `own` that are others than those of `named`, in their order; the name aside. */
export function differences<P extends Protocol | SegmentationProtocol>(
  own: P,
  named: P,
): readonly ProtocolDifference[] {
  return differencesBelow({ ...own, name: "" }, { ...named, name: "" }, "");
}

/** The same for any two values. */
export function differencesBelow(
  own: unknown,
  named: unknown,
  path: string,
): readonly ProtocolDifference[] {
  if (isRecord(own) && isRecord(named)) {
    const fields = [...new Set([...Object.keys(own), ...Object.keys(named)])];
    return fields.flatMap((field) =>
      differencesBelow(own[field], named[field], path === "" ? field : `${path}.${field}`),
    );
  }
  return canonicalJson({ own }) === canonicalJson({ own: named })
    ? []
    : [{ field: path, own, named }];
}
