// Which form each linear map takes.
//
// `q8` on a CPU mixes two forms by depth. An error of an early layer goes through all later ones, so the first quarter
// of the layers has its scales per block of 64 channels (MatMulNBits) for 2 times the time; the others have one scale
// per output and run (DynamicQuantizeMatMul), which is the fastest that there is on processors with VNNI, and outlier
// channels are dealt with beforehand (channels.ts). Measured in docs/decisions/0013-q8.md.

import { ModelError } from "../errors.ts";
import type { MapForm } from "./convert-map.ts";
import type { EncoderDtype } from "./encoder-dtype.ts";

/** A dtype other than the checkpoint's own. */
export type ConvertedDtype = Exclude<EncoderDtype, "f32">;

/** What the converted weights are run on: integer products pay on a CPU, smaller weights on a GPU. */
export type ConversionTarget = "cpu" | "gpu";

/** What the form of a map depends on. */
export interface FormChoice {
  readonly dtype: ConvertedDtype;
  readonly target: ConversionTarget;
}

const BLOCK_8 = 64;
const BLOCK_4 = 32;
const EXACT_SHARE = 1 / 4;

/** True when the conversion looks at the channels (`measureChannels`) first. */
export function needsChannels({ dtype }: Pick<FormChoice, "dtype">): boolean {
  return dtype === "q8";
}

/** True when channels of a layer may be spread: where inputs have one scale for all. */
export function maySpread(
  layer: number,
  options: FormChoice & { readonly layers: number },
): boolean {
  return options.dtype === "q8" && formOf(layer, options).form === "dynamic";
}

/** Refuses a dtype that the target has no operators for. */
export function checkTarget({ dtype, target }: FormChoice): void {
  if (dtype !== "q8-dynamic" || target === "cpu") return;
  throw new ModelError(
    "unsupported",
    "q8-dynamic runs on the cpu execution provider only; q8 and q4 run everywhere",
  );
}

/** The form of a layer's maps. */
export function formOf(
  layer: number,
  { dtype, target, layers }: FormChoice & { readonly layers: number },
): MapForm {
  const exact: MapForm = { form: "blockwise", bits: 8, blockSize: BLOCK_8 };
  switch (dtype) {
    case "f16":
      return { form: "float16" };
    case "q4":
      return { form: "blockwise", bits: 4, blockSize: BLOCK_4 };
    case "q8-dynamic":
      return { form: "dynamic" };
    case "q8":
      return target === "gpu" || layer < Math.ceil(layers * EXACT_SHARE)
        ? exact
        : { form: "dynamic" };
  }
}

/** The forms in plain words, layers with the same one together. */
export function describeForms(
  options: FormChoice & { readonly layers: number },
): readonly string[] {
  const { layers } = options;
  const words = Array.from({ length: layers }, (_, layer) => describeForm(formOf(layer, options)));
  const starts = words.flatMap((word, layer) => (word === words[layer - 1] ? [] : [layer]));
  return starts.map((start, index) => {
    const last = (starts[index + 1] ?? layers) - 1;
    const which = start === last ? `layer ${start}` : `layers ${start} to ${last}`;
    return `${which}: ${words[start]}`;
  });
}

/** A form in plain words. */
export function describeForm(form: MapForm): string {
  if (form.form === "float16") return "float16";
  if (form.form === "dynamic") return "int8, a scale per output and run";
  return `${form.bits} bit, a scale per ${form.blockSize} weights`;
}
