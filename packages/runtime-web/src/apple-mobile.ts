// The one place where a browser is told by its name: on iPhones and iPads (whose desktop mode says Macintosh) a tab is
// ended without a word when it takes too much, and no interface says beforehand how much that is or which system it is.

/** True on iOS and iPadOS, where every browser is WebKit. */
export function isAppleMobile({
  userAgent,
  maxTouchPoints,
}: Pick<Navigator, "userAgent" | "maxTouchPoints"> = navigator): boolean {
  return /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}
