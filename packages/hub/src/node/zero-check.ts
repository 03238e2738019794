// Looks for weight matrices of nothing but zeros while a file is read from start to end. Biases and scales may well
// be zero, a trained matrix never is.

/** A tensor in the file. */
export interface CheckedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly byteLength: number;
}

/** A check under way. */
export interface ZeroCheck {
  /** Sees the bytes of the file in order. */
  readonly note: (bytes: Uint8Array, position: number) => void;
  /** Names of the matrices that were zero throughout. */
  readonly allZero: () => readonly string[];
}

/** Begins a check of these tensors, which are in the order of the file. */
export function createZeroCheck(tensors: readonly CheckedTensor[]): ZeroCheck {
  const suspects = tensors.filter(
    ({ shape }) => shape.every((size) => size > 0) && shape.filter((size) => size > 1).length >= 2,
  );
  const zero: string[] = [];
  let index = 0;
  return {
    note(bytes, position) {
      const end = position + bytes.byteLength;
      for (let tensor = suspects[index]; tensor !== undefined; tensor = suspects[index]) {
        const from = Math.max(0, tensor.start - position);
        const to = Math.min(bytes.byteLength, tensor.start + tensor.byteLength - position);
        const isZero = to <= from || bytes.subarray(from, to).every((byte) => byte === 0);
        if (!isZero) {
          index++;
          continue;
        }
        if (tensor.start + tensor.byteLength > end) return;
        zero.push(tensor.name);
        index++;
      }
    },
    allZero: () => zero,
  };
}
