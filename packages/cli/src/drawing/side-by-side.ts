import type { RgbImage } from "@internvit/preprocess";

const WHITE = 255;

/** Two pictures of one height next to each other with `gap` white pixels between them. */
export function sideBySide(
  left: RgbImage,
  { right, gap }: { readonly right: RgbImage; readonly gap: number },
): RgbImage {
  const width = left.width + gap + right.width;
  const height = Math.max(left.height, right.height);
  const data = new Uint8Array(width * height * 3).fill(WHITE);
  paste(data, { image: left, stride: width * 3, offset: 0 });
  paste(data, { image: right, stride: width * 3, offset: (left.width + gap) * 3 });
  return { width, height, data };
}

function paste(
  data: Uint8Array,
  {
    image,
    stride,
    offset,
  }: { readonly image: RgbImage; readonly stride: number; readonly offset: number },
): void {
  const rowBytes = image.width * 3;
  for (let y = 0; y < image.height; y++) {
    data.set(image.data.subarray(y * rowBytes, (y + 1) * rowBytes), y * stride + offset);
  }
}
