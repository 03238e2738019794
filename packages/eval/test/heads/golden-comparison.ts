// Comparing a tensor with a golden one, at the manifest's tolerance.

import type { GoldenTensor } from "@internvit/test-kit/portable";

/** A manifest, as far as all trainings have it. */
export interface TrainingManifest {
  readonly tensors: Readonly<
    Record<
      string,
      {
        readonly role: "input" | "expected";
        readonly tolerance_abs?: number;
        readonly skip_flat_indices?: readonly number[];
      }
    >
  >;
}

/** The files of a training. */
export interface TrainingGoldens {
  readonly manifest: TrainingManifest;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

/** How far values are from a golden tensor at most, but for the elements that rounding decides; NaN where one is NaN. */
export function goldenGap(
  name: string,
  actual: ArrayLike<number | bigint>,
  { manifest, tensors }: TrainingGoldens,
): number {
  const { data } = tensors.get(name)!;
  if (actual.length !== data.length) {
    throw new Error(`${name}: expected ${data.length} elements, got ${actual.length}`);
  }
  const skipped = new Set(manifest.tensors[name]?.skip_flat_indices);
  let largest = 0;
  for (const [at, value] of data.entries()) {
    const gap = Math.abs(Number(actual[at]) - Number(value));
    if (!skipped.has(at) && !(gap <= largest)) largest = gap;
  }
  return largest;
}

/** The manifest's tolerance; 0 for integers. */
export function toleranceOf(name: string, { manifest }: TrainingGoldens): number {
  return manifest.tensors[name]?.tolerance_abs ?? 0;
}
