// The element types of safetensors by the name that the format gives them.

import type { Dtype } from "../tensor.ts";

/** The format's names of the element types that this package reads and writes. */
export const DTYPE_CODES: Readonly<Record<Dtype, string>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

/** The element type that a name of the format stands for, or undefined when this package does not know it. */
export function parseDtypeCode(code: string): Dtype | undefined {
  for (const dtype of Object.keys(DTYPE_CODES) as Dtype[]) {
    if (DTYPE_CODES[dtype] === code) return dtype;
  }
  return undefined;
}
