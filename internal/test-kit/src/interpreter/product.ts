// Products of matrices.

import { at, broadcast, type Float64Tensor, tabulate } from "./array.ts";
import type { Operator } from "./node.ts";

function turned(x: Float64Tensor, turn: boolean): Float64Tensor {
  if (!turn) return x;
  const shape = [...x.shape.slice(0, -2), ...x.shape.slice(-2).toReversed()];
  return tabulate(shape, (index) => at(x, [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]));
}

/** The leading axes alone. */
function stackOf(x: Float64Tensor): Float64Tensor {
  return { ...x, shape: x.shape.slice(0, -2) };
}

function multiply(left: Float64Tensor, right: Float64Tensor): Float64Tensor {
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const columns = right.shape.at(-1)!;
  const batch = broadcast(stackOf(left), stackOf(right));
  return tabulate([...batch, rows, columns], (index) => {
    const batch = index.slice(0, -2);
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += at(left, [...batch, index.at(-2)!, k]) * at(right, [...batch, k, index.at(-1)!]);
    }
    return sum;
  });
}

export const PRODUCT: Readonly<Record<string, Operator>> = {
  MatMul: ([left, right]) => [multiply(left!, right!)],
  FusedMatMul: ([left, right], attributes) => {
    const { shape, data } = multiply(
      turned(left!, attributes.number("transA", 0) === 1),
      turned(right!, attributes.number("transB", 0) === 1),
    );
    return [{ shape, data: data.map((value) => value * attributes.number("alpha", 1)) }];
  },
  Gemm: ([left, right, bias], attributes) => {
    const product = multiply(
      turned(left!, attributes.number("transA", 0) === 1),
      turned(right!, attributes.number("transB", 0) === 1),
    );
    const [alpha, beta] = [attributes.number("alpha", 1), attributes.number("beta", 1)];
    return [
      tabulate(
        product.shape,
        (index) => alpha * at(product, index) + (bias === undefined ? 0 : beta * at(bias, index)),
      ),
    ];
  },
};
