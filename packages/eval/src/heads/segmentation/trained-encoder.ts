// The encoder of full tuning: model-core's graph for crops of one size, up to the last block that the head reads, with
// its weights as parameters under the names of published checkpoints.

import {
  buildEncoderGraph,
  type Checkpoint,
  type Graph,
  type GraphBuilder,
  resolveEncoderWeights,
  type Value,
} from "@internvit/model-core";
import {
  type BaseCall,
  type BatchInput,
  dropPathFactors,
  type ModelCall,
  type Tensors,
  weightsAsInputs,
} from "@internvit/train";

import { EvalError } from "../../errors.ts";
import { patchMap } from "./patch-maps.ts";
import { resizePositions } from "./position-table.ts";
import { partName, publishedWeights } from "./published-weights.ts";
import { readFloats, readParameters } from "./read-parameters.ts";

/** An encoder as a part of a model. */
export interface TrainedEncoder {
  readonly width: number;
  /** Blocks that are read, from 0. */
  readonly taps: readonly number[];
  /** First values. The position embedding is that of the crop's grid. */
  readonly parameters: Tensors;
  /** `pixel_values` [batch, 3, size, size], and in training `drop_path` where the rate is above 0. */
  readonly inputs: (options: { readonly batch: number }) => Readonly<Record<string, BatchInput>>;
  readonly base: (call: BaseCall) => Graph;
  /** The outputs of the taps as `[n, width, rows, columns]`, in a graph that goes on from `base`. */
  readonly maps: (graph: GraphBuilder, call: ModelCall) => readonly Value[];
  /** What the input `drop_path` is fed in each update, drawn by seed; nothing where the rate is 0. */
  readonly dropPath: (options: {
    readonly batch: number;
    readonly seed: number;
  }) => (step: number) => Tensors;
}

/** Options of `trainedEncoder`. */
export interface TrainedEncoderOptions {
  /** Sides of the crops in pixels, a multiple of the patch: 504. */
  readonly size: number;
  /** Blocks whose outputs are read, from 0; one may be read several times. Blocks after the last one are left out. */
  readonly taps: readonly number[];
  /** Drop path's rate of the encoder's last block; rises from 0 in the first. 0.4 for full tuning. */
  readonly dropPathRate: number;
}

/**
 * Reads an encoder's weights into memory, as float32.
 *
 * @throws EvalError `invalid-argument` for a size that is no multiple of the patch, a block that there is not or a rate
 * outside [0, 1); ModelError for a checkpoint that is not complete
 */
export async function trainedEncoder(
  checkpoint: Checkpoint,
  { size, taps, dropPathRate }: TrainedEncoderOptions,
): Promise<TrainedEncoder> {
  const {
    hiddenSize: width,
    numHiddenLayers,
    imageSize,
    patchSize,
    numChannels,
  } = checkpoint.config;
  checkOptions(checkpoint, { size, taps, dropPathRate });
  const blocks = Math.max(...taps) + 1;
  const own = publishedWeights(resolveEncoderWeights(checkpoint));
  const positions = resizePositions(await readFloats(checkpoint, own.positionEmbedding), {
    from: imageSize / patchSize,
    to: size / patchSize,
  });
  const model = {
    config: { ...checkpoint.config, imageSize: size },
    weights: { ...own, positionEmbedding: { ...own.positionEmbedding, shape: positions.shape } },
  };
  const outputs = taps.map((tap) => `hidden_states.${tap + 1}` as const);
  const fed = (side: readonly [number, number], options: { batch: number; dropPath: boolean }) =>
    weightsAsInputs(
      buildEncoderGraph(model, {
        ...options,
        outputs: [...new Set(outputs)],
        inputSize: { height: side[0], width: side[1] },
      }),
    );
  const { weights } = fed([size, size], { batch: 1, dropPath: false });
  const names = new Map(weights.map((weight) => [weight.name, partName(weight, own)]));
  const parameters = await readParameters(checkpoint, { weights, names, positions });
  const drops = dropPathRate > 0;
  return {
    width,
    taps,
    parameters,
    inputs: ({ batch }) => ({
      pixel_values: { dtype: "float32", shape: [batch, numChannels, size, size] },
      ...(drops && {
        drop_path: { dtype: "float32", shape: [blocks, 2, batch, 1, 1], trainingOnly: true },
      }),
    }),
    base({ mode, inputs }) {
      const [batch = 0, , ...side] = inputs["pixel_values"]!.shape;
      const dropPath = drops && mode === "training";
      const { graph } = fed(side as [number, number], { batch, dropPath }).model;
      return renameInputs(graph, names);
    },
    maps(graph, call) {
      const [rows = 0, columns = 0] = call
        .input("pixel_values")
        .shape.slice(2)
        .map((side) => Number(side) / patchSize);
      return outputs.map((name) => patchMap(graph, graph.value(name), { rows, columns }));
    },
    dropPath({ batch, seed }) {
      if (!drops) return () => ({});
      // Of the last block that is there.
      const rate =
        numHiddenLayers === 1
          ? dropPathRate
          : (dropPathRate * (blocks - 1)) / (numHiddenLayers - 1);
      const factors = dropPathFactors({ rate, blocks, batch, seed });
      return (step) => ({ drop_path: factors(step) });
    },
  };
}

function checkOptions(
  { config, label }: Checkpoint,
  { size, taps, dropPathRate }: TrainedEncoderOptions,
): void {
  const { patchSize, numHiddenLayers } = config;
  if (!(Number.isSafeInteger(size) && size > 0 && size % patchSize === 0)) {
    throw new EvalError(
      "invalid-argument",
      `size: expected a multiple of the patch, ${patchSize} pixels, got ${size}`,
      { subject: label },
    );
  }
  const wrong = taps.find((tap) => !(Number.isInteger(tap) && tap >= 0 && tap < numHiddenLayers));
  if (taps.length === 0 || wrong !== undefined) {
    throw new EvalError(
      "invalid-argument",
      `taps: expected blocks from 0 to ${numHiddenLayers - 1}, got ${wrong ?? "none"}`,
      { subject: label },
    );
  }
  if (!(dropPathRate >= 0 && dropPathRate < 1)) {
    throw new EvalError(
      "invalid-argument",
      `dropPathRate: expected a number in [0, 1), got ${dropPathRate}`,
    );
  }
}

function renameInputs(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const renamed = (name: string): string => names.get(name) ?? name;
  return {
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, name: renamed(input.name) })),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) })),
  };
}
