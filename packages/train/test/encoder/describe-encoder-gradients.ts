// The golden encoder gradients as a test suite for any runtime.

import {
  type GraphRuntime,
  memoryDirectory,
  readCheckpoint,
  type Tensor,
} from "@internvit/model-core";
import { float32Golden, type GoldenTensor } from "@internvit/test-kit/portable";
import { beforeAll, describe, expect, test } from "vitest";

import type { SpanFinder } from "../../src/index.ts";
import { type EncoderGradients, encoderGradients } from "./encoder-gradients.ts";

/** The golden files of one encoder. */
export interface EncoderGoldens {
  readonly manifest: EncoderManifest;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
  /** config.json and model.safetensors of the checkpoint. */
  readonly files: ReadonlyMap<"config.json" | "model.safetensors", Uint8Array<ArrayBuffer>>;
  /** Default: nothing is computed again. */
  readonly recompute?: SpanFinder;
}

/** The goldens' manifest, as far as it is needed. */
export interface EncoderManifest {
  readonly checkpoint: string;
  readonly tensors: Readonly<
    Record<string, { readonly role: string; readonly tolerance_abs?: number }>
  >;
}

/** The goldens of both encoders. */
export const ENCODER_GOLDENS = [
  "encoder-backward-tiny-layernorm",
  "encoder-backward-tiny-rmsnorm-qknorm",
] as const;

/** One test per golden tensor, at the checkpoint's own size and at the larger one. */
export function describeEncoderGradients(
  label: string,
  createRuntime: () => GraphRuntime,
  { manifest, tensors, files, recompute }: EncoderGoldens,
): void {
  describe.each(["native", "larger"])(`golden encoder gradients: ${label}, %s size`, (size) => {
    let computed: EncoderGradients;
    const feed = (name: string): Tensor => ({
      dtype: "float32",
      ...float32Golden(tensors, `${size}.${name}`),
    });
    const feeds = { pixel_values: feed("pixel_values"), upstream: feed("upstream") };
    beforeAll(async () => {
      const checkpoint = await readCheckpoint(memoryDirectory(label, files));
      const [, , height = 0, width = 0] = feeds.pixel_values.shape;
      computed = await encoderGradients(createRuntime(), checkpoint, {
        file: files.get("model.safetensors")!,
        inputSize: { height, width },
        feeds,
        recompute,
      });
      // Software WebGPU takes its time.
    }, 120_000);

    const expected = Object.entries(manifest.tensors).filter(
      ([name, { role }]) => role === "expected" && name.startsWith(`${size}.`),
    );
    test.each(expected)("%s", (name, { tolerance_abs: tolerance = 0 }) => {
      const golden = float32Golden(tensors, name);
      const form = { name: name.slice(size.length + 1), shape: golden.shape };
      const actual = inForm(form, computed, feeds.upstream);
      expect(actual.length).toBe(golden.data.length);
      const gap = golden.data.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - actual[at]!)),
        0,
      );
      expect(gap).toBeLessThanOrEqual(tolerance);
    });
  });
}

/** What was computed for a golden, in its form: whole, a part, or sums (the goldens' README). */
function inForm(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  { lastHiddenState, pixelValues, parameters }: EncoderGradients,
  upstream: Tensor,
): ArrayLike<number> {
  const hidden = lastHiddenState.data as Float32Array;
  if (name === "last_hidden_state") return hidden;
  if (name === "value")
    return [hidden.reduce((sum, x, at) => sum + x * Number(upstream.data[at]), 0)];
  if (name === "grad.pixel_values") return pixelPart(pixelValues, shape);
  const [, parameter = "", form] = /^grad\.(.*?)(?:\.(column_sums|row_sums))?$/.exec(name) ?? [];
  const gradient = parameters.get(parameter);
  if (gradient === undefined) throw new Error(`no gradient of ${parameter}`);
  if (form === undefined) return gradient;
  const rows = form === "row_sums" ? shape[0]! : gradient.length / shape[0]!;
  const columns = gradient.length / rows;
  const sums = new Float64Array(shape[0]!);
  for (const [at, value] of gradient.entries()) {
    sums[form === "row_sums" ? Math.floor(at / columns) : at % columns]! += value;
  }
  return sums;
}

/** The last picture, or the first rows of it. */
function pixelPart({ shape, data }: Tensor, part: readonly number[]): readonly number[] {
  const [pictures = 0, channels = 0, height = 0, width = 0] = shape;
  const [, , rows = 0] = part;
  const planes = Array.from({ length: channels }, (_, channel) => {
    const start = ((pictures - 1) * channels + channel) * height * width;
    return Array.from((data as Float32Array).subarray(start, start + rows * width));
  });
  return planes.flat();
}
