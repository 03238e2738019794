// Mirroring along x, of pictures (three bytes a pixel) and of label maps (one).

/** Mirrors every row in place. `data` is `[rows, width, channels]`. */
export function flipRows(
  data: Uint8Array,
  { width, channels }: { readonly width: number; readonly channels: number },
): void {
  const rowLength = width * channels;
  for (let row = 0; row < data.length; row += rowLength) {
    let left = row;
    let right = row + rowLength - channels;
    for (; left < right; left += channels, right -= channels) {
      for (let c = 0; c < channels; c++) {
        const kept = data[left + c]!;
        data[left + c] = data[right + c]!;
        data[right + c] = kept;
      }
    }
  }
}
