// Small files with transparent pixels, written by libwebp and libheif (through sharp 0.35.5, with `exact` for the first),
// and what is in them.

import type { RgbImage } from "../../src/index.ts";

const WIDTH = 16;
const HEIGHT = 9;

/** The colours of the lossless file; the alpha of column x is 17 x. */
export function colorsUnderAlpha(): RgbImage {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, o) => {
    const i = Math.floor(o / 3) * 4 + (o % 3);
    return Math.imul(i, 2_654_435_761) >>> 24;
  });
  return { width: WIDTH, height: HEIGHT, data };
}

/** 16x9 pixels of noise. */
export const LOSSLESS_RGBA_WEBP: Uint8Array<ArrayBuffer> = fromBase64(
  [
    "UklGRlgAAABXRUJQVlA4TEwAAAAvDwACELmM6H/sylCK6H8oELRtG9oriBfC6QZDNgNp21z2I2LVTJBti9ebXiCQwk",
    "eoA/9+nkEQUddBRLUT7WvRoIlsRZEm8sgjO9EC",
  ].join(""),
);

/** 32x24 pixels of gradients, and the SHA-256 of their colours as libwebp decodes them. */
export const LOSSY_RGBA_WEBP: {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly rgb_sha256: string;
} = {
  file: fromBase64(
    [
      "UklGRugAAABXRUJQVlA4WAoAAAAQAAAAHwAAFwAAQUxQSDYAAAAFcBBJkiLV8d0zv3+56SAiMh+0UZu0WVu0Vdu0XT",
      "u0k3bWLtpVu2l37aE9tZf21j7aV/tpfwVWUDggjAAAAFAFAJ0BKiAAGAA+YSiQRaQioZv9VABABgS1AE6Zb16P2YAw",
      "be9kYaDKdf40KQ64Wlj22AD+/asFnYwp+s5dEgPtrVjFAg3kKnQAB/W+okRL7C9zcSlrxghdzt15gcKMzrJZVoo97V",
      "f3mSIbe4tRSxG+rrXVlTd9hLKE7TrT4VMA24FGf7QCNx9AiwAA",
    ].join(""),
  ),
  rgb_sha256: "f2a9fe5ebb1e113977136500fe749916e940612fcc6cfa6c06e005e0fe32d736",
};

/** The same gradients without loss, and the SHA-256 of their colours as libheif decodes them. */
export const RGBA_AVIF: {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly rgb_sha256: string;
} = {
  file: fromBase64(
    [
      "AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAAYRtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAA",
      "AAAAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAABqAABAAAAAAAAAYUAAgAAAAADLQABAAAAAAAAAhYAAAA4aWluZgAA",
      "AAAAAgAAABVpbmZlAgAAAAABAABhdjAxAAAAABVpbmZlAgAAAAACAABhdjAxAAAAAA5waXRtAAAAAAABAAAAw2lwcn",
      "AAAACdaXBjbwAAAAxhdjFDgSACAAAAABNjb2xybmNseAABAA0AAIAAAAAUaXNwZQAAAAAAAAAgAAAAGAAAABBwaXhp",
      "AAAAAAMICAgAAAAMYXYxQ4EAHAAAAAAOcGl4aQAAAAABCAAAADhhdXhDAAAAAHVybjptcGVnOm1wZWdCOmNpY3A6c3",
      "lzdGVtczphdXhpbGlhcnk6YWxwaGEAAAAAHmlwbWEAAAAAAAAAAgABBIECAwQAAgSFAwaHAAAAGmlyZWYAAAAAAAAA",
      "DmF1eGwAAgABAAEAAAOjbWRhdBIACgg4ET92EBDQAjL2AhAAAIb28MY8316GPh4+6cJ3nIOtP2QUBXnSiS9Bc38wpS",
      "TDL9LAslxJayxICIx0nMhp8Ln//5mWrOPWWHJma31MVLQ09D8mYFDWgK1UcT80ahsS59fgoFcq0nbZ4i+cfG0RJTSF",
      "VfMwI+H47D6WfxpzB5IJdOtDDzVlc+Yg+Qh8pwgutB4LAyX8qLyeCd+CJ5E50iX2zHtwzeJ2I3r/t3Mnm+y1kKf5oK",
      "lJQrEvlBVB5pGcUnIDpTCsRmx/deBrifs9C4Qf4FPsI24EqPplrtTrbet2jBOhIsa9Zew8PpCK+M+7vn1xM9DF/UmJ",
      "k5RIZTjvYNVc/ihtrjBHkWuqD/cXvfq6vMTFaBSgumjQNNGjmaBLPw1KVPC5EteZ0IBougy8Id+UnhPEjqdSOkqKVu",
      "E+yuXqm0cOke79LSqDc0+jxq/mNdW2SUD+I8OSU8v1eb7CqUAM6NTKPTHjRQ1SwAOGBM5OFAN83/0Yyl9rf4Ca40K/",
      "///gEgAKBRgRP3YVMooEEADRKfzvyf3n+w8mLVKjxZAQbEHHl/Oefr0hFDK6M2CYM/qoz0sZhPArBIO7el6hglWEfW",
      "NP9oJONb0/ULxVuSdDJiHMqmk08Ug0MhUXmeSs70AxpWhSWeYgW7O/KEWL/49E6Aa6lItrZh4zrUjExc5KXNcFYY0f",
      "doQJoeGX0h3tASCWJrBgW1zxA2VTuFQ5iiSNWGr70ZbJAJckUtVtsLo7i+Xj3HP5ancMw/nmCYIYoxO8msFgj3XlI4",
      "qPOcmXDb3W+bUp+ZRonXTldpaBrpf///94j9hknVLrtIOXMn2RLmKxHSIYJzBxVblmsnsVMgXcMQiIuhjCb0moPXF+",
      "7r7F6Udh4RXpsVO0D+vqgGs57bd+5o0I6W5gCHdUddm/ovwr6/o13RxplmvPMCXbWGVNvDbpDpXw09AZUMKk7vnz1x",
      "mc7BM584WpKcSOpUonLnvTCdZ0x2IuenZibg9YOfmNyKCCPw3D85PQe3nd6gYF1xOQgcVtBN0KrDAu0Dpk+Vpf3CVu",
      "fgvbLbRmmWiFgihu98yJmfP6myvHtpgcM8C1xwRWLD0SNslatMWIu1xjMP/8edk5tT0TyxgYxgHAL8QJdFSvaryFxG",
      "Tw/8T8joZ6E7AsFWFP9gIYqOMLHisW5CQWuNKf8yLKOZwhNTNzYgvHqVqddgF3Chsyb1Qzwjpwdloruj85nwUk",
    ].join(""),
  ),
  rgb_sha256: "9df2a3e32b5603ba35cb1d06ae32999abb5bf048bbeb90f3cf14c084de7eb42d",
};

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
