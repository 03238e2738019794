// Several encoders of one checkpoint, which share the pictures of a long run.

import {
  countParameters,
  type EncoderDtype,
  type EncoderOutput,
  type InputSize,
  type PixelNormalization,
  type VisionEncoder,
} from "@internvit/model-core";
import { defaultSessions, defaultThreads, type SelectedProvider } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { openEncoder } from "./open-encoder.ts";
import type { Model } from "./open-model.ts";
import { weightsOptions } from "./weights-options.ts";

/** What encoders are opened for. */
export interface OpenEncodersOptions {
  /** `auto`: `defaultSessions` on the CPU, elsewhere one. */
  readonly sessions: number | "auto";
  /** Of each session; undefined: `defaultThreads`. */
  readonly threads: number | undefined;
  /** How many there are: no more encoders than that. */
  readonly pictures: number;
  readonly outputs: readonly EncoderOutput[];
  readonly inputSize: InputSize;
  readonly normalization: PixelNormalization;
  readonly batchSize: number;
  readonly dtype: EncoderDtype;
  readonly executionProvider: SelectedProvider;
  readonly context: CommandContext;
}

/** Encoders that are disposed of together. */
export interface Encoders extends AsyncDisposable {
  readonly all: readonly [VisionEncoder, ...VisionEncoder[]];
}

/** Opens as many encoders as were asked for. */
export async function openEncoders(model: Model, options: OpenEncodersOptions): Promise<Encoders> {
  const { sessions: wanted, threads, pictures, dtype, context, ...encoder } = options;
  const sessions = countSessions(wanted, { model, ...options, pictures });
  const open = (): Promise<VisionEncoder> =>
    openEncoder(model.checkpoint, {
      ...weightsOptions(dtype, context),
      ...encoder,
      threads: threads ?? defaultThreads(sessions),
      signal: context.signal,
    });
  const all: [VisionEncoder, ...VisionEncoder[]] = [await open()];
  const dispose = async (): Promise<void> => {
    await Promise.all(all.map((one) => one.dispose()));
  };
  try {
    // The first has converted the weights where that was needed.
    all.push(...(await Promise.all(Array.from({ length: sessions - 1 }, open))));
  } catch (error) {
    await dispose();
    throw error;
  }
  return { all, [Symbol.asyncDispose]: dispose };
}

function countSessions(
  wanted: number | "auto",
  options: {
    readonly model: Model;
    readonly executionProvider: SelectedProvider;
    readonly pictures: number;
  },
): number {
  if (wanted !== "auto") return wanted;
  const { model, executionProvider, pictures } = options;
  if (executionProvider.provider !== "cpu") return 1;
  return Math.min(defaultSessions(countParameters(model.checkpoint.config)), pictures);
}
