// Where ONNX Runtime put the nodes of a graph. To JavaScript it tells that in one place only: the profile of a session,
// with one event per node and run.

/** Nodes of a loaded graph by the provider that computes them. */
export type Placement = Readonly<Record<string, number>>;

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: { readonly provider?: string; readonly node_index?: string };
}

/** Nodes by provider in a profile, which is JSON; a node that ran twice counts once. */
export function countNodes(profile: string): Placement {
  const providers = new Map<string, string>();
  for (const { cat, name = "", args } of JSON.parse(profile) as readonly ProfileEvent[]) {
    if (cat !== "Node" || !name.endsWith("_kernel_time") || args?.provider === undefined) continue;
    providers.set(`${args.node_index} ${name}`, args.provider);
  }
  const counts: Record<string, number> = {};
  for (const provider of providers.values()) counts[provider] = (counts[provider] ?? 0) + 1;
  return counts;
}

/** Above this part of all nodes the CPU does so much that the user must hear of it. */
const LARGE_SHARE = 0.1;

/** What is to be said of a placement. */
export function placementNotes(placement: Placement = {}): readonly string[] {
  const onCpu = placement["CPUExecutionProvider"] ?? 0;
  const all = Object.values(placement).reduce((sum, count) => sum + count, 0);
  return onCpu > all * LARGE_SHARE
    ? [`${onCpu} of ${all} nodes of the graph run on the CPU: the provider has no kernel for them`]
    : [];
}
