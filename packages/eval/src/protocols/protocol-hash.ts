// What makes two protocols the same: their JSON with keys in order.

import type { Protocol } from "./protocol.ts";
import type { SegmentationProtocol } from "./segmentation-protocol.ts";

/** JSON without spaces, the keys of every object in ascending order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isRecord(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** SHA-256 of the canonical JSON, in hexadecimal. */
export async function hashProtocol(protocol: Protocol | SegmentationProtocol): Promise<string> {
  return sha256(new TextEncoder().encode(canonicalJson(protocol)));
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** True for an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
