// Dropout2d before the classifiers of UperNet and the auxiliary head: whole channels, for each picture on its own. Masks
// are a pure function of seed and update, as drop path and the order of the data are, so that a resumed training leaves
// out the same ones.

import { createRandom } from "@internvit/model-core";
import type { BatchInput, Tensors } from "@internvit/train";

import type { SegmentationForm } from "./form.ts";

/** The recipes'. */
export const DROPOUT_RATE = 0.1;

/** The heads that drop channels, with the numbers that tell theirs from others of the same seed and update (drop path: 1). */
const STREAMS = { decode_head: 2, auxiliary_head: 3 } as const;

/** The input with 1 for each channel that a head keeps and 0 for the others. */
export function keptChannels(head: string): string {
  return `${head}.kept_channels`;
}

/** The inputs of all masks, float32 [batch, channels], of training only; none for the linear head. */
export function maskInputs(
  form: SegmentationForm,
  { batch }: { readonly batch: number },
): Readonly<Record<string, BatchInput>> {
  if (form.kind === "linear") return {};
  const { channels } = form;
  const input: BatchInput = { dtype: "float32", shape: [batch, channels], trainingOnly: true };
  return Object.fromEntries(Object.keys(STREAMS).map((head) => [keptChannels(head), input]));
}

/** What the inputs of the masks are fed in each update; nothing for the linear head. */
export function channelMasks(
  form: SegmentationForm,
  options: { readonly batch: number; readonly seed: number },
): (step: number) => Tensors {
  if (form.kind === "linear") return () => ({});
  const shape = [options.batch, form.channels];
  return (step) =>
    Object.fromEntries(
      Object.entries(STREAMS).map(([head, stream]) => {
        const random = createRandom(options.seed, [step, stream]);
        const data = Float32Array.from({ length: options.batch * form.channels }, () =>
          random.uniform() < DROPOUT_RATE ? 0 : 1,
        );
        return [keptChannels(head), { dtype: "float32", shape, data }];
      }),
    );
}
