// Every tensor of a head: name, shape and how it begins. Names are those of the published checkpoints (MMSegmentation's
// modules under `decode_head.` and `auxiliary_head.`, the pyramid under `backbone.`), first values those of recipes 4.3
// and 4.4: convolutions before batch norm are Kaiming normal by fan-out, transposed ones likewise, classifiers normal
// with 0.01.

import { POOL_SIZES, type SegmentationForm, type UperNetForm } from "./form.ts";

/** One tensor of a head. */
export interface HeadTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Trained, or collected by batch norm. */
  readonly role: "parameter" | "buffer";
  /** A constant, or the deviation of normal numbers with mean 0. */
  readonly first: { readonly value: number } | { readonly deviation: number };
}

const CLASSIFIER_DEVIATION = 0.01;

/** The tensors of a head, in the order in which their first values are drawn. */
export function headTensors(form: SegmentationForm): readonly HeadTensor[] {
  const { width } = form;
  if (form.kind === "linear") {
    return [...batchNorm("decode_head.norm", width), ...classifier("decode_head", form, width)];
  }
  return [...pyramid(form), ...decodeHead(form), ...auxiliaryHead(form)];
}

function pyramid({ width }: UperNetForm): readonly HeadTensor[] {
  const doubling = (name: string): readonly HeadTensor[] => [
    normal(`backbone.${name}.weight`, [width, width, 2, 2], kaiming(width, 2)),
    constant(`backbone.${name}.bias`, [width], 0),
  ];
  return [
    ...doubling("up1.0"),
    constant("backbone.up1.1.weight", [width], 1),
    constant("backbone.up1.1.bias", [width], 0),
    ...doubling("up1.3"),
    ...doubling("up2.0"),
  ];
}

function decodeHead(form: UperNetForm): readonly HeadTensor[] {
  const { width, channels } = form;
  const module = (name: string, inputs: number, kernel: number): readonly HeadTensor[] =>
    convolution(`decode_head.${name}`, { inputs, channels, kernel });
  return [
    ...POOL_SIZES.flatMap((_, at) => module(`psp_modules.${at}.1`, width, 1)),
    ...module("bottleneck", width + POOL_SIZES.length * channels, 3),
    ...[0, 1, 2].flatMap((level) => module(`lateral_convs.${level}`, width, 1)),
    ...[0, 1, 2].flatMap((level) => module(`fpn_convs.${level}`, channels, 3)),
    ...module("fpn_bottleneck", 4 * channels, 3),
    ...classifier("decode_head", form, channels),
  ];
}

function auxiliaryHead(form: UperNetForm): readonly HeadTensor[] {
  const { width, channels } = form;
  return [
    ...convolution("auxiliary_head.convs.0", { inputs: width, channels, kernel: 3 }),
    ...classifier("auxiliary_head", form, channels),
  ];
}

/** Convolution without bias, batch norm. */
function convolution(
  name: string,
  size: { readonly inputs: number; readonly channels: number; readonly kernel: number },
): readonly HeadTensor[] {
  const { inputs, channels, kernel } = size;
  const shape = [channels, inputs, kernel, kernel];
  return [
    normal(`${name}.conv.weight`, shape, kaiming(channels, kernel)),
    ...batchNorm(`${name}.bn`, channels),
  ];
}

function batchNorm(name: string, channels: number): readonly HeadTensor[] {
  return [
    constant(`${name}.weight`, [channels], 1),
    constant(`${name}.bias`, [channels], 0),
    { ...constant(`${name}.running_mean`, [channels], 0), role: "buffer" },
    { ...constant(`${name}.running_var`, [channels], 1), role: "buffer" },
  ];
}

function classifier(
  head: string,
  { classes }: SegmentationForm,
  inputs: number,
): readonly HeadTensor[] {
  return [
    normal(`${head}.conv_seg.weight`, [classes, inputs, 1, 1], CLASSIFIER_DEVIATION),
    constant(`${head}.conv_seg.bias`, [classes], 0),
  ];
}

function kaiming(outputs: number, kernel: number): number {
  return Math.sqrt(2 / (kernel * kernel * outputs));
}

function normal(name: string, shape: readonly number[], deviation: number): HeadTensor {
  return { name, shape, role: "parameter", first: { deviation } };
}

function constant(name: string, shape: readonly number[], value: number): HeadTensor {
  return { name, shape, role: "parameter", first: { value } };
}
