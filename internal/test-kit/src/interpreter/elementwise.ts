// Operators that work element by element.

import { at, broadcast, type Float64Tensor, tabulate } from "./array.ts";
import type { Operator } from "./node.ts";

const unary =
  (f: (x: number) => number): Operator =>
  ([x]) => [{ shape: x!.shape, data: x!.data.map((value) => f(value)) }];

const many =
  (f: (...values: number[]) => number): Operator =>
  (inputs) => [tabulate(broadcast(...inputs), (index) => f(...inputs.map((x) => at(x, index))))];

/** Error function: its power series near zero, a continued fraction of the complement far away. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (size + fraction);
    return Math.sign(x) * (1 - Math.exp(-size * size) / ((size + fraction) * Math.sqrt(Math.PI)));
  }
  let term = x;
  let sum = x;
  for (let k = 1; k < 80; k++) {
    term *= -(x * x) / k;
    sum += term / (2 * k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** ONNX's number of an element type → what a float64 becomes in it. */
const CASTS: Readonly<Record<number, (x: number) => number>> = {
  6: Math.trunc,
  7: Math.trunc,
  9: (x) => Number(x !== 0),
};

export const ELEMENTWISE: Readonly<Record<string, Operator>> = {
  Add: many((a, b) => a + b),
  Sub: many((a, b) => a - b),
  Mul: many((a, b) => a * b),
  Div: many((a, b) => a / b),
  Pow: many((a, b) => a ** b),
  Equal: many((a, b) => Number(a === b)),
  Greater: many((a, b) => Number(a > b)),
  Where: many((condition, yes, no) => (condition !== 0 ? yes : no)),
  Neg: unary((x) => -x),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Tanh: unary(Math.tanh),
  Erf: unary(erf),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Gelu: unary((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  Identity: unary((x) => x),
  Cast: ([x], attributes) => {
    const convert = CASTS[attributes.number("to", 1)] ?? ((value: number) => value);
    return [{ shape: x!.shape, data: x!.data.map(convert) } satisfies Float64Tensor];
  },
};
