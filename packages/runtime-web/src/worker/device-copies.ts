// Copies to the memory of a GPU device and back.

import { RuntimeError } from "@internvit/model-core";
import type { DeviceCopies } from "@internvit/model-core/session";
import * as ort from "onnxruntime-web/webgpu";

/** ONNX Runtime's kernels read and write up to 16 bytes at once. */
const ALIGNMENT = 16;

// As WebGPU numbers them.
const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [0x1, 0x4, 0x8, 0x80];
const MAP_MODE_READ = 0x1;

type ViewConstructor = new (
  buffer: ArrayBuffer,
  byteOffset: number,
  length: number,
) => Float32Array;

/** Copies by the device's queue. */
export function createDeviceCopies(device: GPUDevice): DeviceCopies<ort.Tensor> {
  const bufferFor = (byteLength: number, usage: number): GPUBuffer =>
    device.createBuffer({ size: Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT, usage });
  return {
    async upload({ data, dims, type }) {
      const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
      const limit = device.limits.maxStorageBufferBindingSize;
      if (byteLength > limit) {
        throw noBuffer(byteLength, `it takes at most ${limit} in one`);
      }
      // A buffer that cannot be had is no error by itself: it would be read as nothing.
      device.pushErrorScope("out-of-memory");
      const gpuBuffer = bufferFor(byteLength, STORAGE | COPY_SRC | COPY_DST);
      const error = await device.popErrorScope();
      if (error !== null) throw noBuffer(byteLength, error.message);
      // Copies go in words of four bytes.
      const whole = byteLength - (byteLength % 4);
      device.queue.writeBuffer(gpuBuffer, 0, buffer, byteOffset, whole);
      if (whole < byteLength) {
        const rest = new Uint8Array(4);
        rest.set(new Uint8Array(buffer, byteOffset + whole));
        device.queue.writeBuffer(gpuBuffer, whole, rest);
      }
      return ort.Tensor.fromGpuBuffer(gpuBuffer, {
        dataType: type as "float32",
        dims,
        dispose: () => gpuBuffer.destroy(),
      });
    },
    // Not `Tensor.getData`, which moves the tensor to the CPU for good.
    async download({ gpuBuffer, dims, type, size }) {
      const empty = new ort.Tensor(type as "float32", [], [0]).data;
      const byteLength = size * empty.BYTES_PER_ELEMENT;
      const staging = bufferFor(byteLength, COPY_DST | MAP_READ);
      const commands = device.createCommandEncoder();
      commands.copyBufferToBuffer(
        gpuBuffer as GPUBuffer,
        0,
        staging,
        0,
        Math.ceil(byteLength / 4) * 4,
      );
      device.queue.submit([commands.finish()]);
      await staging.mapAsync(MAP_MODE_READ);
      const copy = staging.getMappedRange().slice(0, byteLength);
      staging.destroy();
      const View = empty.constructor as ViewConstructor;
      return new ort.Tensor(type as "float32", new View(copy, 0, size), dims);
    },
  };
}

function noBuffer(byteLength: number, reason: string): RuntimeError {
  const text = `the GPU has no buffer of ${byteLength} bytes for a held tensor: ${reason}`;
  return new RuntimeError("unsupported", text);
}
