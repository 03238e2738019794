// The LZW codes of a GIF frame to palette indices. Format: the GIF89a specification, appendix F,
// https://www.w3.org/Graphics/GIF/spec-gif89a.txt

const MAX_CODE_BITS = 12;
const MAX_CODES = 1 << MAX_CODE_BITS;

/**
 * `length` palette indices from the codes in `data` (sub-blocks joined), the root codes of `rootBits` bits. Undefined
 * where the codes end early or mean nothing; what follows the last index is ignored, as in Pillow.
 */
export function decodeGifLzw(
  data: Uint8Array,
  options: { readonly rootBits: number; readonly length: number },
): Uint8Array | undefined {
  const { rootBits, length } = options;
  if (rootBits < 1 || rootBits >= MAX_CODE_BITS) return undefined;
  const clear = 1 << rootBits;
  const end = clear + 1;
  // A code stands for the string of another code with one index more at its end; `head` is the string's first.
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const head = new Uint8Array(MAX_CODES);
  const size = new Uint16Array(MAX_CODES);
  for (let code = 0; code < clear; code++) {
    suffix[code] = code;
    head[code] = code;
    size[code] = 1;
  }
  const indices = new Uint8Array(length);
  let written = 0;
  let codeBits = rootBits + 1;
  let codes = end + 1;
  let previous = -1;
  let bits = 0;
  let bitCount = 0;
  for (let at = 0; written < length;) {
    while (bitCount < codeBits && at < data.length) {
      bits |= data[at++]! << bitCount;
      bitCount += 8;
    }
    if (bitCount < codeBits) return undefined;
    const code = bits & ((1 << codeBits) - 1);
    bits >>>= codeBits;
    bitCount -= codeBits;
    if (code === end) return undefined;
    if (code === clear) {
      codeBits = rootBits + 1;
      codes = end + 1;
      previous = -1;
      continue;
    }
    const known = code < codes;
    // The one code that may come before it is known: the previous string and its own first index again.
    if (!known && (code !== codes || previous < 0)) return undefined;
    const start = written;
    const from = known ? code : previous;
    written += size[from]!;
    let symbol = from;
    for (let o = written - 1; o >= start; o--) {
      if (o < length) indices[o] = suffix[symbol]!;
      symbol = prefix[symbol]!;
    }
    const first = head[from]!;
    if (!known && written < length) indices[written] = first;
    if (!known) written++;
    if (previous >= 0 && codes < MAX_CODES) {
      prefix[codes] = previous;
      suffix[codes] = first;
      head[codes] = head[previous]!;
      size[codes] = size[previous]! + 1;
      codes++;
      if (codes === 1 << codeBits && codeBits < MAX_CODE_BITS) codeBits++;
    }
    previous = code;
  }
  return indices;
}
