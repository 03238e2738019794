// A WebAssembly module written as expressions: each function here returns the bytes of one instruction with its
// operands before it. It knows only what simd-module.ts uses. The module is assembled when it is first needed, so
// the repository holds no binary and no build step. Binary format: https://webassembly.github.io/spec/core/binary

/** Encoded instructions. */
export type Code = readonly number[];

/** A local variable of the function being written, by its index. */
export type Local = number;

const I32 = 0x7f;
const V128 = 0x7b;

const code = (...parts: readonly (number | Code)[]): Code => parts.flat();
const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

export const get = (local: Local): Code => code(0x20, unsigned(local));
export const set = (local: Local, value: Code): Code => code(value, 0x21, unsigned(local));

export const i32 = (value: number): Code => code(0x41, signed(value));
export const add = (a: Code, b: Code): Code => code(a, b, 0x6a);
export const lessThan = (a: Code, b: Code): Code => code(a, b, 0x49);
export const loadI32 = (address: Code): Code => code(address, 0x28, 2, 0);

/** Runs the body, and again while the condition holds. */
export const repeatWhile = (condition: Code, ...body: readonly Code[]): Code =>
  code(0x03, 0x40, ...body, condition, 0x0d, 0, 0x0b);

// Loads and stores: alignment (0: any), then a constant added to the address.
export const load = (address: Code): Code => code(address, simd(0x00), 0, 0);
export const load32Splat = (address: Code, offset = 0): Code =>
  code(address, simd(0x09), 0, unsigned(offset));
export const load64Splat = (address: Code, offset = 0): Code =>
  code(address, simd(0x0a), 0, unsigned(offset));
export const store = (address: Code, value: Code): Code => code(address, value, simd(0x0b), 0, 0);
/** Stores byte `lane` of a vector. */
export const store8Lane = (address: Code, value: Code, lane: number, offset: number): Code =>
  code(address, value, simd(0x58), 0, unsigned(offset), lane);
/** Stores the 16-bit `lane` of a vector. */
export const store16Lane = (address: Code, value: Code, lane: number): Code =>
  code(address, value, simd(0x59), 0, 0, lane);

/** Sixteen bytes chosen from two vectors: lanes 0–15 are of `a`, 16–31 of `b`. */
export const shuffle = (a: Code, b: Code, lanes: readonly number[]): Code =>
  code(a, b, simd(0x0d), lanes);
export const splatI32 = (value: Code): Code => code(value, simd(0x11));
/** Pairs of int16 products, summed: `[a0·b0 + a1·b1, …]` as four int32. */
export const dot = (a: Code, b: Code): Code => code(a, b, simd(0xba));
export const addI32x4 = (a: Code, b: Code): Code => code(a, b, simd(0xae));
export const shiftLeft = (value: Code, bits: number): Code => code(value, i32(bits), simd(0xab));
export const shiftRight = (value: Code, bits: number): Code => code(value, i32(bits), simd(0xac));
export const widenLow = (value: Code): Code => code(value, simd(0x89));
export const widenHigh = (value: Code): Code => code(value, simd(0x8a));
/** Eight int16 from two vectors of int32, saturated. */
export const narrowToI16 = (a: Code, b: Code): Code => code(a, b, simd(0x85));
/** Sixteen bytes from two vectors of int16, clipped to 0…255. */
export const narrowToU8 = (a: Code, b: Code): Code => code(a, b, simd(0x66));

/** A function of int32 parameters and no result. Its locals follow the parameters: int32 first, then vectors. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  readonly integers: number;
  readonly vectors: number;
  readonly body: readonly Code[];
}

const MAGIC_AND_VERSION: Code = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module that exports the functions and one `memory` of a fixed number of 64 KiB pages. */
export function encodeModule(
  functions: readonly WasmFunction[],
  options: { readonly pages: number },
): Uint8Array<ArrayBuffer> {
  const { pages } = options;
  const types = functions.map((f) => {
    const parameters: readonly Code[] = Array.from({ length: f.parameters }, () => [I32]);
    return code(0x60, list(parameters), 0);
  });
  const indices = functions.map((_, index) => [index]);
  const exported = functions.map((f, index) => code(text(f.name), 0, index));
  const bodies = functions.map((f) => {
    const locals = list([
      [f.integers, I32],
      [f.vectors, V128],
    ]);
    const body = code(locals, ...f.body, 0x0b);
    return code(unsigned(body.length), body);
  });
  const module = code(
    MAGIC_AND_VERSION,
    section(1, types),
    section(3, indices),
    section(5, [code(1, unsigned(pages), unsigned(pages))]),
    section(7, [code(text("memory"), 2, 0), ...exported]),
    section(10, bodies),
  );
  return Uint8Array.from(module);
}

function section(id: number, items: readonly Code[]): Code {
  const content = list(items);
  return code(id, unsigned(content.length), content);
}

function list(items: readonly Code[]): Code {
  return code(unsigned(items.length), ...items);
}

function text(value: string): Code {
  return code(
    unsigned(value.length),
    Array.from(value, (letter) => letter.charCodeAt(0)),
  );
}

/** LEB128 of a number ≥ 0. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128 of an int32. */
function signed(value: number): Code {
  const low = value & 0x7f;
  const rest = value >> 7;
  const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return done ? [low] : [low | 0x80, ...signed(rest)];
}
