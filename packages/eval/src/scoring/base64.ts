// Base64 (RFC 4648, section 4), which Node and browsers do not share a function for.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The text for bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digit = (shift: number): string => DIGITS[(bits >> shift) & 63]!;
    text += `${digit(18)}${digit(12)}${left > 1 ? digit(6) : "="}${left > 2 ? digit(0) : "="}`;
  }
  return text;
}

/** The six bits of a digit; -1 where there is none. */
export function base64Digit(digit: string | undefined): number {
  return digit === undefined || digit === "" ? -1 : DIGITS.indexOf(digit);
}
