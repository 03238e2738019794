// MurmurHash3 for 32 bits (Austin Appleby, x86_32) over whole words: it finds bits that a disk or a copy lost, at about a
// gigabyte per second and without anything that browsers and Node do not share. It is no protection against intent.

/** The hash of words; chained by giving the hash of what came before as seed. */
export function checksum(words: Uint32Array, seed: number): number {
  let hash = seed;
  for (let at = 0; at < words.length; at++) {
    // Products modulo 2³².
    const mixed = Math.imul(words[at]!, 0xcc9e2d51);
    hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= words.length * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
