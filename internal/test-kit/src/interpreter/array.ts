// Arrays of float64, whatever their element type in the graph: slow and plain, every element by its index.

/** A dense row-major array. Integers and bools (0, 1) are numbers too. */
export interface Float64Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The array whose element at each index is `element(index)`. */
export function tabulate(
  shape: readonly number[],
  element: (index: readonly number[]) => number,
): Float64Tensor {
  const data = new Float64Array(shape.reduce((count, size) => count * size, 1));
  const index = shape.map(() => 0);
  for (let at = 0; at < data.length; at++) {
    data[at] = element(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]!; axis--) {
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** The element at an index; its axes are the last ones of the index, and those of size 1 are repeated. */
export function at({ shape, data }: Float64Tensor, index: readonly number[]): number {
  let place = 0;
  const skipped = index.length - shape.length;
  for (const [axis, size] of shape.entries()) {
    place = place * size + (size === 1 ? 0 : index[skipped + axis]!);
  }
  return data[place]!;
}

/** The shape that arrays broadcast to. */
export function broadcast(...arrays: readonly Float64Tensor[]): readonly number[] {
  const rank = Math.max(...arrays.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = arrays.map(({ shape }) => shape[shape.length - rank + axis] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/** All indices of a shape, in order. */
export function indices(shape: readonly number[]): readonly (readonly number[])[] {
  const all: (readonly number[])[] = [];
  tabulate(shape, (index) => all.push([...index]));
  return all;
}

/** An axis counted from the front. */
export function frontAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
