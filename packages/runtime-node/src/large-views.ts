// Tensors of 4 GiB and more between threads. V8 writes where a view begins and how long it is modulo 2³² bytes when it
// sends one (seen in Node 20); the buffer arrives whole. So such a view is sent as all of its buffer, and made again over
// all of it on the other side.

import { elementCount, type HeldTensor, type Tensor } from "@internvit/model-core";

/** Bytes that a view's place and length are written modulo. */
const WRAPS_AT = 2 ** 32;

/** The tensor as it can be sent: one at 4 GiB or beyond in a buffer that holds more is copied. */
export function toSend<T extends Tensor | HeldTensor>(tensor: T): T {
  if (!("data" in tensor)) return tensor;
  const { buffer, byteOffset, byteLength } = tensor.data;
  const wraps = byteOffset + byteLength >= WRAPS_AT;
  if (!wraps || byteLength === buffer.byteLength) return tensor;
  return { ...tensor, data: tensor.data.slice() };
}

/** A tensor that was sent: one whose length does not fit its shape has all of its buffer. */
export function asSent(tensor: Tensor): Tensor {
  const { shape, data } = tensor;
  if (data.length === elementCount(shape)) return tensor;
  const Elements = data.constructor as Float32ArrayConstructor;
  return { ...tensor, data: new Elements(data.buffer) } as Tensor;
}

/** `change` of each tensor. */
export function eachTensor<T>(
  tensors: Readonly<Record<string, T>>,
  change: (tensor: T) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(tensors).map(([name, each]) => [name, change(each)]));
}
