// A batch is looked at before it is run: a runtime's message names neither the input nor what was expected of it, and a
// label out of range would silently count as ignored.

import { DTYPE_BYTES, elementCount, type Tensor } from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import type { BatchInput, Tensors } from "./model.ts";

/**
 * Throws unless a batch holds exactly these inputs, in their shapes.
 *
 * @throws TrainError `mismatch` for a shape, an element type or a number of elements, `invalid-argument` for an input
 * that is missing or unknown and for a label out of range
 */
export function checkBatch(batch: Tensors, inputs: Readonly<Record<string, BatchInput>>): void {
  const known = Object.keys(inputs).join(", ");
  for (const name of Object.keys(batch)) {
    if (!Object.hasOwn(inputs, name)) {
      throw invalid(name, `the batch has ${name}, which is no input; there are: ${known}`);
    }
  }
  for (const [name, input] of Object.entries(inputs)) {
    const tensor = batch[name];
    if (tensor === undefined) throw invalid(name, `the batch has no ${name}; it needs: ${known}`);
    checkTensor(name, tensor, input);
  }
}

function checkTensor(name: string, tensor: Tensor, { dtype, shape, labels }: BatchInput): void {
  const mismatch = (message: string): TrainError =>
    new TrainError("mismatch", `${name}: ${message}`, { subject: name });
  if (elementCount(tensor.shape) === 0) {
    throw mismatch(`the batch is empty, ${formatShape(tensor.shape)}`);
  }
  if (tensor.dtype !== dtype || formatShape(tensor.shape) !== formatShape(shape)) {
    throw mismatch(
      `expected ${dtype} ${formatShape(shape)}, got ${tensor.dtype} ${formatShape(tensor.shape)}`,
    );
  }
  if (tensor.data.length !== elementCount(shape)) {
    throw mismatch(
      `${formatShape(shape)} takes ${elementCount(shape)} elements, got ${tensor.data.length}`,
    );
  }
  if (tensor.data.BYTES_PER_ELEMENT !== DTYPE_BYTES[dtype]) {
    throw mismatch(
      `${dtype} has ${DTYPE_BYTES[dtype]} bytes for each element, the data ${tensor.data.BYTES_PER_ELEMENT}`,
    );
  }
  if (labels === undefined || labels === "unchecked") return;
  const { classes, ignore } = labels;
  for (const [at, value] of tensor.data.entries()) {
    const label = Number(value);
    if ((label >= 0 && label < classes) || label === ignore) continue;
    const or = ignore === undefined ? "" : ` or ${ignore}`;
    throw invalid(name, `${name}: label ${label} at ${at}; expected 0 to ${classes - 1}${or}`);
  }
}

/** The name of the first tensor of a batch that holds NaN or an infinity. */
export function firstNotFinite(batch: Tensors): string | undefined {
  return Object.entries(batch).find(
    ([, { dtype, data }]) =>
      dtype === "float32" && (data as Float32Array).some((value) => !Number.isFinite(value)),
  )?.[0];
}

function invalid(subject: string, message: string): TrainError {
  return new TrainError("invalid-argument", message, { subject });
}
