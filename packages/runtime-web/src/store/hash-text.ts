import { sha256 } from "../worker/chunks.ts";

/** 32 hexadecimal digits of a text's SHA-256. Secure pages only. */
export async function hashText(text: string): Promise<string> {
  return (await sha256OfText(text)).slice(0, 32);
}

/** A text's SHA-256 in hexadecimal. */
export async function sha256OfText(text: string): Promise<string> {
  return sha256(new TextEncoder().encode(text));
}
