// What this processor can do, as far as the system says: Linux lists it in /proc/cpuinfo.

import { readFile } from "node:fs/promises";
import { arch } from "node:os";

/** The extensions that have a say in speed or numbers; names as in /proc/cpuinfo, x86 and then ARM. */
const FLAGS = [
  "avx2",
  "fma",
  "avx512f",
  "avx512_vnni",
  "avx_vnni",
  "amx_int8",
  "amx_bf16",
  "asimddp",
  "i8mm",
  "bf16",
] as const;

/** Those of `FLAGS` that this processor has; empty where the system does not say. */
export async function readCpuFlags(): Promise<readonly string[]> {
  const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const found = new Set(/^(?:flags|Features)\s*:\s*(.+)$/m.exec(text)?.[1]?.split(" "));
  return FLAGS.filter((flag) => found.has(flag));
}

/**
 * Whether ONNX Runtime's usual int8 products may overflow: x86 processors without VNNI sum them in pairs of 16 bits.
 * The exact form takes 1.5 times as long on one with VNNI (measured), so it is asked for only where VNNI is not
 * known to be there.
 */
export function int8MayOverflow(flags: readonly string[], architecture: string = arch()): boolean {
  return (
    architecture === "x64" && !flags.some((flag) => flag === "avx512_vnni" || flag === "avx_vnni")
  );
}
