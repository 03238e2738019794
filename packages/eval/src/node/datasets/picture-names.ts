// Which files are taken for pictures. More kinds than can be decoded: a BMP among the JPEGs is named as unreadable
// when its turn comes, not left out without a word.

const PICTURE = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp|ppm|pgm|heic)$/i;

/** True for a file that is called like a picture; never for a hidden one, as `._a.jpg` that macOS leaves behind. */
export function isPictureName(name: string): boolean {
  return !isHiddenName(name) && PICTURE.test(name);
}

/** True for a name that begins with a dot. */
export function isHiddenName(name: string): boolean {
  return name.startsWith(".");
}
