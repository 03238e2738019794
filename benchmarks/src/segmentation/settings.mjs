// @ts-check
// The three settings of the segmentation recipes at the benchmarks' size: the small encoder at 224 px, UperNet with 128
// channels. Everything else is the named protocols'.

import {
  channelMasks,
  encodeSegmentationHead,
  initialSegmentationHead,
  NAMED_SEGMENTATION_PROTOCOLS,
  segmentationBlocks,
  segmentationHead,
  segmentationLoss,
  segmentationSettings,
  trainedEncoder,
  tunedSegmentation,
} from "@internvit/eval";

import { smallEncoder } from "../small-encoder.mjs";

/** Pixels of a crop's side. */
export const SIZE = 224;
export const CLASSES = 11;
export const ENCODER = smallEncoder(SIZE);
/** UperNet's and the auxiliary head's. */
const CHANNELS = 128;
const LAYERS = ENCODER.num_hidden_layers;

/** @typedef {import("@internvit/eval").OnlineSegmentationProtocol} Protocol */

/** The settings and their protocols. @type {Readonly<Record<string, string>>} */
export const SETTINGS = {
  linear: "report-linear",
  head: "report-head-tuning",
  full: "report-full-tuning",
};

/**
 * A setting's protocol, smaller.
 *
 * @param {string} setting
 * @param {{ batch: number, rate: number, iterations: number, warmup: number, size?: number }} plan `size` in pixels
 * @returns {Protocol}
 */
export function protocolOf(setting, { batch, rate, iterations, warmup, size = SIZE }) {
  const named = NAMED_SEGMENTATION_PROTOCOLS[SETTINGS[setting] ?? ""];
  if (named?.kind !== "online") {
    throw new Error(`expected one of ${Object.keys(SETTINGS)}: ${setting}`);
  }
  const { optimizer, augmentation, inference, head } = named;
  return {
    ...named,
    head: head.kind === "linear" ? head : { ...head, channels: CHANNELS },
    cropSize: size,
    iterations,
    batch,
    optimizer: {
      ...optimizer,
      learningRate: rate,
      schedule: { ...optimizer.schedule, warmup },
    },
    augmentation: { ...augmentation, limits: { long: 4 * size, short: size } },
    inference: {
      ...inference,
      shortSide: size,
      mode: { kind: "slide", window: size, stride: strideOf(size) },
    },
    scoreEvery: iterations,
  };
}

/** Between windows: as much of one as the recipes' 322 pixels of 504, an even number. @param {number} window */
export function strideOf(window) {
  return 2 * Math.round((window * 161) / 504);
}

/** Blocks that a protocol's head reads, from 0. @param {Protocol} protocol */
export function tapsOf(protocol) {
  return segmentationBlocks(protocol, { numHiddenLayers: LAYERS }).blocks;
}

/** @param {Protocol} protocol @param {number} classes @returns {import("@internvit/eval").SegmentationForm} */
function formOf({ head }, classes) {
  return { ...head, width: ENCODER.hidden_size, classes };
}

/**
 * Our side of a protocol: a training session's options, what chance leaves out of an update, and the first values of
 * encoder and head as a file for the peer.
 *
 * @param {Protocol} protocol
 * @param {import("@internvit/model-core").Checkpoint} checkpoint
 */
export async function segmentationTraining(protocol, checkpoint, classes = CLASSES) {
  const { batch, seed, iterations, optimizer, cropSize: size } = protocol;
  const { learningRate: rate, weightDecay, layerDecay, schedule } = optimizer;
  const form = formOf(protocol, classes);
  const state = initialSegmentationHead(form, { seed });
  const encoder = await trainedEncoder(checkpoint, {
    size,
    taps: tapsOf(protocol),
    dropPathRate: protocol.encoder.trained ? protocol.encoder.dropPathRate : 0,
  });
  const side = size / ENCODER.patch_size;
  const drops = channelMasks(form, { batch, seed });
  const dropPath = encoder.dropPath({ batch, seed });
  const weights = { ...encoder.parameters, ...state.parameters, ...state.buffers };
  return {
    form,
    state,
    /** @type {import("@internvit/train").TrainingOptions} */
    options: {
      model: protocol.encoder.trained
        ? tunedSegmentation(form, { batch, state, encoder })
        : segmentationHead(form, { batch, state, grid: { rows: side, columns: side } }),
      loss: segmentationLoss(form, { batch, height: size, width: size }),
      ...segmentationSettings({
        rate,
        updates: iterations,
        warmup: schedule.warmup,
        weightDecay,
        layerDecay,
        layers: LAYERS,
        seed,
      }),
    },
    /** @param {number} step */
    masks: (step) => ({ ...drops(step), ...dropPath(step) }),
    initial: () => encodeSegmentationHead(weights, { updates: 0, metadata: {} }),
  };
}

/** What PyTorch is told of a protocol. @param {Protocol} protocol */
export function peerSettings(protocol, classes = CLASSES) {
  const { learningRate, weightDecay, layerDecay, schedule } = protocol.optimizer;
  return {
    ...formOf(protocol, classes),
    size: protocol.cropSize,
    stride: strideOf(protocol.cropSize),
    taps: tapsOf(protocol),
    frozen: !protocol.encoder.trained,
    batch: protocol.batch,
    iterations: protocol.iterations,
    warmup: schedule.warmup,
    rate: learningRate,
    weightDecay,
    layerDecay,
    layers: LAYERS,
  };
}

/** The hidden states that a head reads. @param {readonly number[]} taps */
export function tapOutputs(taps) {
  return taps.map((tap) => /** @type {const} */ (`hidden_states.${tap + 1}`));
}

/**
 * The hidden states of a frozen encoder as inputs of a head.
 *
 * @param {import("@internvit/model-core").EncoderFeatures} features
 * @param {readonly number[]} taps
 */
export function tapInputs({ hiddenStates }, taps) {
  return Object.fromEntries(
    taps.map((tap, at) => {
      const hidden = hiddenStates?.[tap + 1];
      if (hidden === undefined) throw new Error(`the encoder gives no block ${tap}`);
      return [`taps.${at}`, hidden];
    }),
  );
}
