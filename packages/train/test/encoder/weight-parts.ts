// Tensors of a checkpoint that enter a graph in parts (query, key and value of a fused projection, the rows of a
// position embedding): parts are called `<tensor>@<place in the file>`, and are ranges of rows in the order of places.

/** The tensor that a part belongs to. */
export function tensorOf(part: string): string {
  return part.replace(/@\d+$/, "");
}

function placeOf(part: string): number {
  return Number(/@(\d+)$/.exec(part)?.[1] ?? 0);
}

/** Whole tensors by name; a name without a place is a tensor's own. */
export function joinParts(
  parts: Iterable<readonly [string, Float32Array]>,
): ReadonlyMap<string, Float32Array> {
  const whole = new Map<string, Float32Array>();
  for (const [part, values] of [...parts].toSorted(([a], [b]) => placeOf(a) - placeOf(b))) {
    const before = whole.get(tensorOf(part)) ?? new Float32Array();
    const both = new Float32Array(before.length + values.length);
    both.set(before);
    both.set(values, before.length);
    whole.set(tensorOf(part), both);
  }
  return whole;
}
