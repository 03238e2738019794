// The checksum of PNG chunks (https://www.w3.org/TR/png-3/#D-CRCAppendix), a byte at a time by table.

const REVERSED_POLYNOMIAL = 0xedb88320;

/** CRC-32 of the bytes. */
export function crc32(bytes: Uint8Array): number {
  const table = crcTable();
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}

let shared: Int32Array | undefined;

function crcTable(): Int32Array {
  shared ??= Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : REVERSED_POLYNOMIAL);
    }
    return crc;
  });
  return shared;
}
