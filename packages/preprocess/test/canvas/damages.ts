// Files whose header is whole and whose pixels are not: what Node and browsers must answer alike.

type Bytes = Uint8Array<ArrayBuffer>;

/** A picture of the fixtures, what is done to it, and the answer: "decoded" or an error's code. */
export const DAMAGES: readonly (readonly [
  name: string,
  damage: (bytes: Bytes) => Bytes,
  answer: "decoded" | "malformed" | "too-large",
])[] = [
  // Codes that mean nothing are gray to libjpeg, which warns.
  ["photo-420.jpg", (bytes) => bytes.fill(0, bytes.length >> 1, bytes.length - 2), "decoded"],
  ["photo.webp", (bytes) => bytes.fill(0, 30), "decoded"],
  ["photo.webp", (bytes) => bytes.fill(255, 60), "decoded"],
  ["photo.webp", (bytes) => bytes.fill(255, 30), "malformed"],
  ["photo.webp", (bytes) => bytes.fill(170, 36), "malformed"],
  ["photo.webp", (bytes) => bytes.fill(255, 26), "too-large"],
  ["rgb.png", (bytes) => bytes.fill(0, bytes.length >> 1), "malformed"],
];
