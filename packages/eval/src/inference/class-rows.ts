// From the classes of each pixel of a row to one class, or to probabilities.

/** The class with the largest value of each pixel of `[width, classes]`; the first of equal ones. */
export function pickLargest(
  row: Float32Array | Float64Array,
  { classes, labels }: { readonly classes: number; readonly labels: Uint8Array },
): void {
  for (let x = 0, at = 0; x < labels.length; x++) {
    let best = 0;
    let most = row[at++]!;
    for (let label = 1; label < classes; label++, at++) {
      const value = row[at]!;
      if (value > most) {
        most = value;
        best = label;
      }
    }
    labels[x] = best;
  }
}

/** Adds the softmax of the logits of each pixel of `[width, classes]` to `sums`; of the last pixel first if mirrored. */
export function addProbabilities(
  row: Float32Array,
  options: { readonly classes: number; readonly mirrored: boolean; readonly sums: Float64Array },
): void {
  const { classes, mirrored, sums } = options;
  const weights = new Float64Array(classes);
  for (let start = 0; start < row.length; start += classes) {
    let most = row[start]!;
    for (let label = 1; label < classes; label++) most = Math.max(most, row[start + label]!);
    let sum = 0;
    for (let label = 0; label < classes; label++) {
      const weight = Math.exp(row[start + label]! - most);
      weights[label] = weight;
      sum += weight;
    }
    const out = mirrored ? row.length - classes - start : start;
    for (let label = 0; label < classes; label++) sums[out + label]! += weights[label]! / sum;
  }
}
