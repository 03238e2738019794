// Operators that move elements.

import { at, type Float64Tensor, frontAxis, tabulate } from "./array.ts";
import type { Operator } from "./node.ts";

const listOf = (x: Float64Tensor | undefined): readonly number[] => Array.from(x?.data ?? []);

const reshaped = ({ data }: Float64Tensor, shape: readonly number[]): readonly Float64Tensor[] => [
  { shape, data },
];

/** Some elements of an axis by their places. */
function take(x: Float64Tensor, axis: number, places: readonly number[]): Float64Tensor {
  return tabulate(x.shape.with(axis, places.length), (index) =>
    at(x, index.with(axis, places[index[axis]!]!)),
  );
}

/** The places that Slice takes of an axis, by ONNX's clamping. */
function slicePlaces(
  size: number,
  range: { readonly start: number; readonly end: number; readonly step: number },
): readonly number[] {
  const { step } = range;
  const backwards = step < 0;
  const [least, most] = backwards ? [-1, size - 1] : [0, size];
  const clamp = (place: number): number =>
    Math.min(Math.max(place < 0 ? place + size : place, least), most);
  const end = clamp(range.end);
  const places: number[] = [];
  for (let place = clamp(range.start); backwards ? place > end : place < end; place += step) {
    places.push(place);
  }
  return places;
}

export const LAYOUT: Readonly<Record<string, Operator>> = {
  Reshape: ([x, shape]) =>
    reshaped(
      x!,
      listOf(shape).map((size, axis) => (size === 0 ? x!.shape[axis]! : size)),
    ),
  Squeeze: ([x, axes]) => {
    const gone = listOf(axes).map((axis) => frontAxis(axis, x!.shape.length));
    return reshaped(
      x!,
      x!.shape.filter((_, axis) => !gone.includes(axis)),
    );
  },
  Unsqueeze: ([x, axes]) => {
    const shape = [...x!.shape];
    for (const axis of listOf(axes)) shape.splice(axis, 0, 1);
    return reshaped(x!, shape);
  },
  Shape: ([x], attributes) => {
    const part = x!.shape.slice(attributes.number("start", 0), attributes.number("end", 99));
    return [{ shape: [part.length], data: Float64Array.from(part) }];
  },
  Transpose: ([x], attributes) => {
    const order = attributes.numbers("perm", x!.shape.map((_, axis) => axis).toReversed());
    return [
      tabulate(
        order.map((axis) => x!.shape[axis]!),
        (index) => {
          const source = [...x!.shape];
          for (const [place, axis] of order.entries()) source[axis] = index[place]!;
          return at(x!, source);
        },
      ),
    ];
  },
  Expand: ([x, shape]) => {
    const target = listOf(shape);
    const sizes = target.map((size, axis) =>
      size === 1 ? (x!.shape[axis - target.length + x!.shape.length] ?? 1) : size,
    );
    return [tabulate(sizes, (index) => at(x!, index))];
  },
  Concat: (parts, attributes) => {
    const axis = frontAxis(attributes.number("axis", 0), parts[0]!.shape.length);
    const places = parts.flatMap((part) =>
      Array.from({ length: part.shape[axis]! }, (_, place) => ({ part, place })),
    );
    return [
      tabulate(parts[0]!.shape.with(axis, places.length), (index) => {
        const { part, place } = places[index[axis]!]!;
        return at(part, index.with(axis, place));
      }),
    ];
  },
  Split: ([x, sizes], attributes) => {
    const axis = frontAxis(attributes.number("axis", 0), x!.shape.length);
    let end = 0;
    return listOf(sizes).map((size) => {
      const start = end;
      end += size;
      return take(x!, axis, slicePlaces(x!.shape[axis]!, { start, end, step: 1 }));
    });
  },
  Slice: ([x, starts, ends, axes, steps]) => {
    let part = x!;
    for (const [index, start] of listOf(starts).entries()) {
      const axis = frontAxis(listOf(axes)[index] ?? index, part.shape.length);
      const range = { start, end: listOf(ends)[index]!, step: listOf(steps)[index] ?? 1 };
      part = take(part, axis, slicePlaces(part.shape[axis]!, range));
    }
    return [part];
  },
  Gather: ([x, indices], attributes) => {
    const axis = frontAxis(attributes.number("axis", 0), x!.shape.length);
    const rank = indices!.shape.length;
    return [
      tabulate(x!.shape.toSpliced(axis, 1, ...indices!.shape), (index) => {
        const place = at(indices!, index.slice(axis, axis + rank));
        const front = frontAxis(place, x!.shape[axis]!);
        return at(x!, index.toSpliced(axis, rank, front));
      }),
    ];
  },
  Pad: ([x, pads, fill]) => {
    const rank = x!.shape.length;
    const before = listOf(pads).slice(0, rank);
    const sizes = x!.shape.map((size, axis) => size + before[axis]! + listOf(pads)[rank + axis]!);
    return [
      tabulate(sizes, (index) => {
        const source = index.map((place, axis) => place - before[axis]!);
        const inside = source.every((place, axis) => place >= 0 && place < x!.shape[axis]!);
        return inside ? at(x!, source) : (fill?.data[0] ?? 0);
      }),
    ];
  },
};
