// Undoes the filters of PNG rows (https://www.w3.org/TR/png-3/#9Filters): each byte was written as the difference from
// a prediction by its neighbours to the left, above, and above to the left.

/**
 * Restores one row in place.
 *
 * @param row the row's bytes, without the filter's number
 * @param options `above` is the restored row before it, zeros for the first; `step` the bytes between neighbours
 * @returns false for a filter that does not exist
 */
export function unfilterRow(
  row: Uint8Array,
  options: { readonly filter: number; readonly above: Uint8Array; readonly step: number },
): boolean {
  const { filter, above, step } = options;
  if (filter === 1) addLeft(row, step);
  else if (filter === 2) addAbove(row, above);
  else if (filter === 3) addAverage(row, above, step);
  else if (filter === 4) addPaeth(row, above, step);
  return filter <= 4;
}

function addLeft(row: Uint8Array, step: number): void {
  for (let i = step; i < row.length; i++) row[i]! += row[i - step]!;
}

function addAbove(row: Uint8Array, above: Uint8Array): void {
  for (let i = 0; i < row.length; i++) row[i]! += above[i]!;
}

function addAverage(row: Uint8Array, above: Uint8Array, step: number): void {
  const first = Math.min(step, row.length);
  for (let i = 0; i < first; i++) row[i]! += above[i]! >> 1;
  for (let i = step; i < row.length; i++) row[i]! += (row[i - step]! + above[i]!) >> 1;
}

/** The prediction is the neighbour that is nearest to left + above − corner; ties go in this order. */
function addPaeth(row: Uint8Array, above: Uint8Array, step: number): void {
  const first = Math.min(step, row.length);
  for (let i = 0; i < first; i++) row[i]! += above[i]!;
  for (let i = step; i < row.length; i++) {
    const left = row[i - step]!;
    const up = above[i]!;
    const corner = above[i - step]!;
    const toLeft = Math.abs(up - corner);
    const toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + up - 2 * corner);
    row[i]! += toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
  }
}
