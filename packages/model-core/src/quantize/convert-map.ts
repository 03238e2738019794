// One linear map of the checkpoint in another form: the tensors of it, and how they are computed. What stands around
// the map is multiplied in: a layer scale that follows (each output row, and the bias), and what `ChannelPlan` does to
// the columns.

import type { Affine, WeightSlice } from "../checkpoint/encoder-tensors.ts";
import { float32ToFloat16 } from "../float-bits.ts";
import { blocksPerRow, quantizeBlockwise, type WeightBits } from "./blockwise.ts";
import type { ChannelPlan } from "./channels.ts";
import type { DerivedFile, DerivedTensorShape, ReadWeights } from "./derived-file.ts";
import type { ConvertedMap } from "./linear-map.ts";
import { quantizePerChannel } from "./per-channel.ts";

/** A form, with its parameters. */
export type MapForm =
  | { readonly form: "float16" }
  | { readonly form: "blockwise"; readonly bits: WeightBits; readonly blockSize: number }
  | { readonly form: "dynamic" };

/** Options of `convertMap`. */
export interface ConvertMapOptions {
  /** What the tensors are called. */
  readonly name: string;
  readonly form: MapForm;
  /** The layer scale after the map. */
  readonly rowScale?: WeightSlice;
  /** What becomes of the columns. */
  readonly columns?: ColumnChange;
}

/** The norm before a map is changed by a plan, whose contents are known when the tensors are computed. */
export interface ColumnChange {
  /** The norm's bias, which the map takes over. */
  readonly normBias: WeightSlice | undefined;
  /** Columns that are added. */
  readonly spread: number;
  readonly plan: () => ChannelPlan;
}

/** Adds the map to the file. */
export function convertMap(
  file: DerivedFile,
  map: Affine,
  options: ConvertMapOptions,
): ConvertedMap {
  const { name, form, columns } = options;
  const [outputs = 0, stored = 0] = map.weight.shape;
  const inputs = stored + (columns?.spread ?? 0);
  const hasBias = map.bias !== undefined || columns?.normBias !== undefined;
  const bias = hasBias
    ? file.add([{ name: `${name}.bias`, dtype: "float32", shape: [outputs] }], {
        reads: readsOfBias(map, options),
        make: async (read) => [await foldedBias(map, { ...options, read })],
      })[0]
    : undefined;
  const folded = (read: ReadWeights): Promise<Float32Array<ArrayBuffer>> =>
    foldedWeight(map, { ...options, read });
  const size = { outputs, inputs };
  const reads = readsOfWeight(map, options);
  if (form.form === "float16") {
    const shape = { name: `${name}.weight`, dtype: "float16", shape: [inputs, outputs] } as const;
    const [weight] = file.add([shape], {
      reads,
      async make(read) {
        const bits = new Uint16Array(outputs * inputs);
        float32ToFloat16(transpose(await folded(read), size), bits);
        return [bits];
      },
    });
    return { form: "float16", weight, bias };
  }
  if (form.form === "dynamic") {
    const [values, scales] = file.add(
      [
        { name: `${name}.int8`, dtype: "int8", shape: [inputs, outputs] },
        { name: `${name}.scales`, dtype: "float32", shape: [outputs] },
      ],
      {
        reads,
        async make(read) {
          const quantized = quantizePerChannel(await folded(read), size);
          return [quantized.values, quantized.scales];
        },
      },
    );
    return { form: "dynamic", values, scales, bias };
  }
  const { bits, blockSize } = form;
  const blocks = blocksPerRow({ inputs, blockSize });
  const [values, scales, zeroPoints] = file.add(
    blockwiseTensors(name, { outputs, blocks, bits, blockSize }),
    {
      reads,
      async make(read) {
        const quantized = quantizeBlockwise(await folded(read), { ...size, bits, blockSize });
        const { values, scales, zeroPoints } = quantized;
        return zeroPoints === undefined ? [values, scales] : [values, scales, zeroPoints];
      },
    },
  );
  if (values === undefined || scales === undefined) throw new Error("two tensors were added");
  return { form: "blockwise", bits, blockSize, values, scales, zeroPoints, bias };
}

function blockwiseTensors(
  name: string,
  {
    outputs,
    blocks,
    bits,
    blockSize,
  }: {
    readonly outputs: number;
    readonly blocks: number;
    readonly bits: WeightBits;
    readonly blockSize: number;
  },
): readonly DerivedTensorShape[] {
  const blockBytes = (blockSize * bits) / 8;
  return [
    { name: `${name}.int${bits}`, dtype: "uint8", shape: [outputs, blocks, blockBytes] },
    { name: `${name}.scales`, dtype: "float32", shape: [outputs, blocks] },
    ...(bits === 4
      ? [
          {
            name: `${name}.zero_points`,
            dtype: "uint8",
            shape: [outputs, Math.ceil(blocks / 2)],
          } as const,
        ]
      : []),
  ];
}

/** What `foldedWeight` reads. */
function readsOfWeight(
  { weight }: Affine,
  { rowScale }: ConvertMapOptions,
): readonly WeightSlice[] {
  return rowScale === undefined ? [weight] : [weight, rowScale];
}

/** What `foldedBias` reads. */
function readsOfBias(
  { weight, bias }: Affine,
  { rowScale, columns }: ConvertMapOptions,
): readonly WeightSlice[] {
  return [
    ...(bias === undefined ? [] : [bias]),
    ...(columns?.normBias === undefined ? [] : [columns.normBias, weight]),
    ...(rowScale === undefined ? [] : [rowScale]),
  ];
}

type FoldOptions = ConvertMapOptions & { readonly read: ReadWeights };

/** [outputs, inputs + spread]: rows times the layer scale, columns as the plan says. */
async function foldedWeight(
  { weight }: Affine,
  { rowScale, columns, read }: FoldOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const stored = await read(weight);
  const rows = rowScale === undefined ? undefined : await read(rowScale);
  const plan = columns?.plan();
  if (rows === undefined && plan === undefined) return stored;
  const [outputs = 0, inputs = 0] = weight.shape;
  const spread = plan?.spread ?? [];
  const width = inputs + spread.length;
  const folded = spread.length === 0 ? stored : new Float32Array(outputs * width);
  for (let row = 0; row < outputs; row++) {
    const scale = rows?.[row] ?? 1;
    for (let column = 0; column < inputs; column++) {
      folded[row * width + column] =
        stored[row * inputs + column]! * scale * (plan?.columnScale[column] ?? 1);
    }
    for (const [index, column] of spread.entries()) {
      folded[row * width + inputs + index] = folded[row * width + column]!;
    }
  }
  return folded;
}

/** [outputs]: the map's bias, and what it makes of the norm's, times the layer scale. */
async function foldedBias(
  { weight, bias }: Affine,
  { rowScale, columns, read }: FoldOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const [outputs = 0, inputs = 0] = weight.shape;
  const sums = bias === undefined ? new Float64Array(outputs) : Float64Array.from(await read(bias));
  if (columns?.normBias !== undefined) {
    const offset = await read(columns.normBias);
    const stored = await read(weight);
    for (let row = 0; row < outputs; row++) {
      for (let column = 0; column < inputs; column++) {
        sums[row]! += stored[row * inputs + column]! * offset[column]!;
      }
    }
  }
  const scales = rowScale === undefined ? undefined : await read(rowScale);
  return Float32Array.from(sums, (sum, row) => sum * (scales?.[row] ?? 1));
}

function transpose(
  weights: Float32Array,
  { outputs, inputs }: { readonly outputs: number; readonly inputs: number },
): Float32Array<ArrayBuffer> {
  const transposed = new Float32Array(weights.length);
  for (let row = 0; row < outputs; row++) {
    for (let column = 0; column < inputs; column++) {
      transposed[column * outputs + row] = weights[row * inputs + column]!;
    }
  }
  return transposed;
}
