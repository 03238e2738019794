// The head that is trained, for windows of other sizes than the crops that it is trained on: whole pictures, scales. A
// head's graph knows its grid of patches, so each other grid gets a session with a copy of the weights.

import type { GraphRuntime } from "@internvit/model-core";
import {
  createTrainingSession,
  type Tensors,
  type TrainingOptions,
  type TrainingSession,
} from "@internvit/train";

import type { SegmentationForm } from "../../heads/segmentation/form.ts";
import { headTensors } from "../../heads/segmentation/head-tensors.ts";
import type { PatchGrid } from "../../heads/segmentation/patch-maps.ts";
import { segmentationHead } from "../../heads/segmentation/segmentation-model.ts";

/** Grids that are kept ready: pictures in portrait and in landscape format. */
const MAX_GRIDS = 2;

/** Copies of a head. */
export interface GridHeads {
  /** The outputs for `taps.N`, with the weights that the training has now. */
  evaluate(
    taps: Tensors,
    options: { readonly grid: PatchGrid; readonly signal?: AbortSignal },
  ): Promise<Tensors>;
  dispose(): Promise<void>;
}

/** Copies of the head of a training. */
export function createGridHeads(
  training: TrainingSession,
  options: Omit<TrainingOptions, "model"> & {
    readonly runtime: GraphRuntime;
    readonly form: SegmentationForm;
    /** That of the loss. */
    readonly batch: number;
  },
): GridHeads {
  const { runtime, form, batch, ...rest } = options;
  const heads = new Map<string, { readonly updates: number; readonly session: TrainingSession }>();
  let turn: Promise<unknown> = Promise.resolve();

  async function headOf({ rows, columns }: PatchGrid): Promise<TrainingSession> {
    const key = `${rows}x${columns}`;
    const { updates } = training;
    const found = heads.get(key);
    heads.delete(key);
    if (found?.updates === updates) {
      heads.set(key, found);
      return found.session;
    }
    await found?.session.dispose();
    const [oldest] = heads;
    if (oldest !== undefined && heads.size >= MAX_GRIDS) {
      heads.delete(oldest[0]);
      await oldest[1].session.dispose();
    }
    const weights = await training.weights();
    const of = (wanted: "parameter" | "buffer"): Tensors =>
      Object.fromEntries(
        headTensors(form)
          .filter(({ role }) => role === wanted)
          .map(({ name }) => [name, weights[name]!]),
      );
    const session = await createTrainingSession(runtime, {
      ...rest,
      model: segmentationHead(form, {
        batch,
        state: { parameters: of("parameter"), buffers: of("buffer") },
        grid: { rows, columns },
      }),
    });
    heads.set(key, { updates, session });
    return session;
  }

  return {
    evaluate(taps, { grid, signal }) {
      // One after the other: a head is not disposed of under an evaluation.
      const result = turn.then(async () => {
        const session = await headOf(grid);
        return (await session.evaluate(taps, signal === undefined ? {} : { signal })).outputs;
      });
      turn = result.catch(() => {});
      return result;
    },
    async dispose() {
      await turn;
      await Promise.all([...heads.values()].map(({ session }) => session.dispose()));
      heads.clear();
    },
  };
}
