// The whole of an encoder or a projector as a file of derived tensors. The file holds everything that the graph needs:
// what stays in float32 is copied into it.

import type {
  Affine,
  EncoderWeights,
  LayerWeights,
  SpreadSlice,
  WeightSlice,
} from "../checkpoint/encoder-tensors.ts";
import type { ProjectorWeights } from "../checkpoint/projector-tensors.ts";
import type { LayerChannels } from "./channels.ts";
import {
  checkTarget,
  describeForm,
  describeForms,
  type FormChoice,
  formOf,
  needsChannels,
} from "./choose-forms.ts";
import { type ColumnChange, convertMap, type MapForm } from "./convert-map.ts";
import { createDerivedFile, type DerivedFile, type DerivedGroup } from "./derived-file.ts";
import type { LinearMap } from "./linear-map.ts";

/** Weights in a file that is yet to be written. */
export interface DerivedWeights<Weights> {
  /** What the graph is built from. */
  readonly weights: Weights;
  /** What is in the file, in order. */
  readonly groups: readonly DerivedGroup[];
  /** Length of the file. */
  readonly byteLength: number;
  /** The form of the maps, in plain words, for `EncoderInfo`. */
  readonly maps: readonly string[];
}

/** How many columns are added to the maps of a layer. */
export interface LayerSpread {
  readonly attention: number;
  readonly mlp: number;
}

/** Options of `planEncoderWeights`. */
export interface PlanWeightsOptions extends FormChoice {
  /** What the graph calls the file. */
  readonly file: string;
}

/**
 * The encoder's weights in a file of their own. `spread` has an entry per layer where `needsChannels`; `channels` is
 * asked only while tensors are computed, so a file that is there already needs the numbers alone.
 *
 * @throws ModelError `unsupported` for `q8-dynamic` on a GPU, which no execution provider has operators for.
 */
export function planEncoderWeights(
  weights: EncoderWeights,
  options: PlanWeightsOptions & {
    readonly spread?: readonly LayerSpread[] | undefined;
    readonly channels?: readonly LayerChannels[] | undefined;
  },
): DerivedWeights<EncoderWeights<LinearMap>> {
  checkTarget(options);
  const file = createDerivedFile(options.file);
  const layers = weights.layers.length;
  const copy = (slice: WeightSlice): WeightSlice => copyFloat32(file, slice);
  const head = {
    classEmbedding: copy(weights.classEmbedding),
    positionEmbedding: copy(weights.positionEmbedding),
    patchEmbedding: copyOf(file, weights.patchEmbedding),
  };
  const converted = weights.layers.map((layer, index) =>
    planLayer(file, layer, { ...options, index, form: formOf(index, { ...options, layers }) }),
  );
  return {
    weights: { ...head, layers: converted },
    groups: file.groups,
    byteLength: file.byteLength,
    maps: describeForms({ ...options, layers }),
  };
}

type EncoderPlanOptions = Parameters<typeof planEncoderWeights>[1];

function planLayer(
  file: DerivedFile,
  layer: LayerWeights,
  options: EncoderPlanOptions & { readonly index: number; readonly form: MapForm },
): LayerWeights<LinearMap> {
  const { index, form } = options;
  const copy = (slice: WeightSlice): WeightSlice => copyFloat32(file, slice);
  const change = (norm: Affine, part: "attention" | "mlp"): ColumnChange | undefined =>
    needsChannels(options)
      ? {
          normBias: norm.bias,
          spread: options.spread?.[index]?.[part] ?? 0,
          plan: () => planOf(options.channels, index)[part],
        }
      : undefined;
  const attention = change(layer.norm1, "attention");
  const mlp = change(layer.norm2, "mlp");
  const map = (
    name: string,
    from: Affine,
    around: { readonly rowScale?: WeightSlice; readonly columns?: ColumnChange | undefined },
  ): LinearMap =>
    convertMap(file, from, {
      name: `layers.${index}.${name}`,
      form,
      ...(around.rowScale === undefined ? {} : { rowScale: around.rowScale }),
      ...(around.columns === undefined ? {} : { columns: around.columns }),
    });
  const norm = (name: string, from: Affine, columns: ColumnChange | undefined): Affine =>
    columns === undefined
      ? copyOf(file, from)
      : changedNorm(file, from, { name: `layers.${index}.${name}`, columns });
  return {
    norm1: norm("norm1", layer.norm1, attention),
    attentionSpread: spreadSlice(file, `layers.${index}.attention.spread`, attention),
    query: map("query", layer.query, { columns: attention }),
    key: map("key", layer.key, { columns: attention }),
    value: map("value", layer.value, { columns: attention }),
    queryNorm: layer.queryNorm === undefined ? undefined : copy(layer.queryNorm),
    keyNorm: layer.keyNorm === undefined ? undefined : copy(layer.keyNorm),
    projection: map("projection", layer.projection, { rowScale: layer.layerScale1 }),
    norm2: norm("norm2", layer.norm2, mlp),
    mlpSpread: spreadSlice(file, `layers.${index}.mlp.spread`, mlp),
    fc1: map("fc1", layer.fc1, { columns: mlp }),
    fc2: map("fc2", layer.fc2, { rowScale: layer.layerScale2 }),
    // In the maps before them.
    layerScale1: layer.layerScale1,
    layerScale2: layer.layerScale2,
  };
}

/** The projector's weights in a file of their own. */
export function planProjectorWeights(
  weights: ProjectorWeights,
  options: PlanWeightsOptions,
): DerivedWeights<ProjectorWeights<LinearMap>> {
  checkTarget(options);
  const file = createDerivedFile(options.file);
  // It runs once per tile on a quarter of the tokens: the closer form costs next to nothing.
  const form = formOf(0, { ...options, layers: 1 });
  const converted = {
    norm: copyOf(file, weights.norm),
    linear1: convertMap(file, weights.linear1, { name: "projector.linear1", form }),
    linear2: convertMap(file, weights.linear2, { name: "projector.linear2", form }),
  };
  const { groups, byteLength } = file;
  return { weights: converted, groups, byteLength, maps: [`projector: ${describeForm(form)}`] };
}

function planOf(channels: readonly LayerChannels[] | undefined, layer: number): LayerChannels {
  const plan = channels?.[layer];
  if (plan === undefined) throw new Error(`the channels of layer ${layer} were not measured`);
  return plan;
}

function copyFloat32(file: DerivedFile, slice: WeightSlice): WeightSlice {
  const shape = { name: slice.name, dtype: "float32", shape: slice.shape } as const;
  const [copy] = file.add([shape], { reads: [slice], make: async (read) => [await read(slice)] });
  return { ...copy, dtype: "float32" };
}

function copyOf(file: DerivedFile, { weight, bias }: Affine): Affine {
  return {
    weight: copyFloat32(file, weight),
    bias: bias === undefined ? undefined : copyFloat32(file, bias),
  };
}

/** A norm whose bias the maps have taken over; a layer norm keeps one of zeros, by which it is known. */
function changedNorm(
  file: DerivedFile,
  { weight, bias }: Affine,
  { name, columns }: { readonly name: string; readonly columns: ColumnChange },
): Affine {
  const { shape } = weight;
  const [changed] = file.add([{ name: `${name}.weight`, dtype: "float32", shape }], {
    reads: [],
    make: async () => [columns.plan().normWeight],
  });
  const [zeros] =
    bias === undefined
      ? []
      : file.add([{ name: `${name}.bias`, dtype: "float32", shape }], {
          reads: [],
          make: async () => [new Float32Array(shape[0] ?? 0)],
        });
  return {
    weight: { ...changed, dtype: "float32" },
    bias: zeros === undefined ? undefined : { ...zeros, dtype: "float32" },
  };
}

function spreadSlice(
  file: DerivedFile,
  name: string,
  columns: ColumnChange | undefined,
): SpreadSlice | undefined {
  if (columns === undefined || columns.spread === 0) return undefined;
  const shape = [columns.spread];
  const [slice] = file.add([{ name, dtype: "int64", shape }], {
    reads: [],
    make: async () => [BigInt64Array.from(columns.plan().spread, BigInt)],
  });
  return { ...slice, dtype: "int64" };
}

/** The added columns of each layer, to be kept beside the file. */
export function spreadOf(channels: readonly LayerChannels[]): readonly LayerSpread[] {
  return channels.map(({ attention, mlp }) => ({
    attention: attention.spread.length,
    mlp: mlp.spread.length,
  }));
}
