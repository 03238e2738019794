// RGB bytes as what a canvas takes.

/** 8-bit RGB `[height, width, 3]` with full opacity. */
export function rgbToImageData(image: {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}): ImageData {
  const { width, height, data } = image;
  const result = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    result.data[to] = data[from]!;
    result.data[to + 1] = data[from + 1]!;
    result.data[to + 2] = data[from + 2]!;
    result.data[to + 3] = 255;
  }
  return result;
}
