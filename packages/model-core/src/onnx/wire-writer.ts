// Protobuf's wire format, as far as ONNX models need it written: varints, 32-bit floats, and what has a length.
// https://protobuf.dev/programming-guides/encoding/

/** One message under construction. Fields come out in the order in which they are written. */
export interface WireWriter {
  /** An int32, int64 or enum: a safe integer, negative ones in ten bytes of two's complement. */
  int(field: number, value: number): void;
  float(field: number, value: number): void;
  string(field: number, value: string): void;
  /** Not copied before `finish`. */
  bytes(field: number, value: Uint8Array): void;
  /** A message in this one. */
  message(field: number, write: (inner: WireWriter) => void): void;
  finish(): Uint8Array<ArrayBuffer>;
}

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

/** Starts an empty message. */
export function createWireWriter(): WireWriter {
  const parts: Uint8Array[] = [];
  let small: number[] = [];

  const varint = (value: number): void => {
    let rest = value;
    // Beyond 32 bits the bit operators would cut.
    while (rest > 0x7f) {
      small.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    small.push(rest);
  };
  const tag = (field: number, wireType: number): void => varint((field << 3) | wireType);
  const flush = (): void => {
    if (small.length > 0) parts.push(Uint8Array.from(small));
    small = [];
  };
  const bytes = (field: number, value: Uint8Array): void => {
    tag(field, LENGTH);
    varint(value.length);
    flush();
    parts.push(value);
  };
  return {
    int(field, value) {
      tag(field, VARINT);
      if (value >= 0) return varint(value);
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 0x7fn; rest >>= 7n) small.push(Number(rest & 0x7fn) | 0x80);
      small.push(Number(rest));
    },
    float(field, value) {
      tag(field, FIXED32);
      const view = new DataView(new ArrayBuffer(4));
      view.setFloat32(0, value, true);
      for (let at = 0; at < 4; at++) small.push(view.getUint8(at));
    },
    string: (field, value) => bytes(field, new TextEncoder().encode(value)),
    bytes,
    message(field, write) {
      const inner = createWireWriter();
      write(inner);
      bytes(field, inner.finish());
    },
    finish() {
      flush();
      const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    },
  };
}
