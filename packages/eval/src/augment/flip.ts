// Mirroring along x, in place.

/** Mirrors every row of `[rows, width, 3]`. */
export function mirrorPixels(data: Uint8Array, width: number): void {
  const rowLength = width * 3;
  for (let row = 0; row < data.length; row += rowLength) {
    let left = row;
    let right = row + rowLength - 3;
    // Written out: a loop over the channels takes half as long again.
    for (; left < right; left += 3, right -= 3) {
      const red = data[left]!;
      const green = data[left + 1]!;
      const blue = data[left + 2]!;
      data[left] = data[right]!;
      data[left + 1] = data[right + 1]!;
      data[left + 2] = data[right + 2]!;
      data[right] = red;
      data[right + 1] = green;
      data[right + 2] = blue;
    }
  }
}

/** Mirrors every row of `[rows, width]`. */
export function mirrorLabels(data: Uint8Array, width: number): void {
  for (let row = 0; row < data.length; row += width) data.subarray(row, row + width).reverse();
}
