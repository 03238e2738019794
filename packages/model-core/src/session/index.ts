// What both runtimes share, and whoever writes a third one needs: the messages between a session's caller and its
// thread, feeds and batches, the canary, visual parts. An entry of its own: applications have no use for it.

export { countNodes, placementNotes } from "./placement.ts";
export { buildHalfProbe, HALF_PROBE_TOLERANCE } from "./half-probe.ts";
export {
  createHolder,
  type HolderThread,
  type LoadedGraph,
  type ThreadRunOptions,
  type ThreadRunResult,
} from "./holder.ts";
export {
  createHeldValues,
  type DeviceCopies,
  type HeldValues,
  type TensorForms,
} from "./held-values.ts";
export type {
  ErrorReply,
  HeldNumber,
  HolderReply,
  HolderRequest,
  KeptFacts,
  RunRequest,
  RunResult,
  SessionDescription,
} from "./protocol.ts";
export { createRequests, type Requests } from "./requests.ts";
export { buffersOf, checkFeeds, copyFeeds, type Feeds } from "./feeds.ts";
export { pixelFeeds } from "./pixel-feeds.ts";
export { checkBatchSize, encodeInBatches, type EncodeInBatchesOptions } from "./encode-batches.ts";
export {
  attentionNote,
  buildProbeGraphs,
  PROBE_GRAPHS,
  PROBE_TOLERANCE,
  probeError,
  type ProbeGraph,
  probeInput,
  type ProbeNumbers,
} from "./probe-graph.ts";
export {
  resolveVisualParts,
  synthesizedWords,
  type VisualChoices,
  visualInfo,
  type VisualParts,
} from "./visual-parts.ts";
export { weightReader } from "./read-weights.ts";
