// @ts-check
// The three settings of the segmentation recipes at the benchmarks' size: the small encoder at 224 px, 11 classes, UperNet
// with 128 channels. Blocks, decays, drop path and auxiliary levels are the recipes'.

import {
  channelMasks,
  encodeSegmentationHead,
  initialSegmentationHead,
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
export const SEED = 1;
export const ENCODER = smallEncoder(SIZE);
const PATCHES = SIZE / ENCODER.patch_size;
const [LAYERS, WIDTH, CHANNELS] = [ENCODER.num_hidden_layers, ENCODER.hidden_size, 128];
const [LAST, FOUR] = [[11], [2, 5, 8, 11]];
const LINEAR = /** @type {const} */ ({ kind: "linear", width: WIDTH, classes: CLASSES });
const UPERNET = /** @type {const} */ ({
  kind: "upernet",
  width: WIDTH,
  classes: CLASSES,
  channels: CHANNELS,
});

/**
 * @typedef {object} Setting
 * @property {string} title
 * @property {import("@internvit/eval").SegmentationForm} form
 * @property {readonly number[]} taps
 * @property {boolean} trained whether the encoder is
 * @property {number} dropPathRate
 * @property {number} weightDecay
 * @property {number} layerDecay
 */

/** @type {Readonly<Record<string, Setting>>} */
export const SETTINGS = {
  linear: {
    title: "linear probing",
    form: LINEAR,
    taps: LAST,
    trained: false,
    dropPathRate: 0,
    weightDecay: 0,
    layerDecay: 1,
  },
  head: {
    title: "head tuning",
    form: { ...UPERNET, auxiliaryLevel: 1 },
    taps: FOUR,
    trained: false,
    dropPathRate: 0,
    weightDecay: 0.05,
    layerDecay: 1,
  },
  full: {
    title: "full tuning",
    form: { ...UPERNET, auxiliaryLevel: 2 },
    taps: FOUR,
    trained: true,
    dropPathRate: 0.4,
    weightDecay: 0.05,
    layerDecay: 0.95,
  },
};

/** @param {string} name */
export function settingOf(name) {
  const setting = SETTINGS[name];
  if (setting === undefined) throw new Error(`expected one of ${Object.keys(SETTINGS)}: ${name}`);
  return setting;
}

/** Learning rate and length of a training. @typedef {{ batch: number, rate: number, iterations: number, warmup: number }} Plan */

/**
 * Our side of a setting: a training session's options, what chance leaves out of an update, and the first values of
 * encoder and head as a file for the peer.
 *
 * @param {Setting} setting
 * @param {Plan & { checkpoint: import("@internvit/model-core").Checkpoint }} plan
 */
export async function segmentationTraining(
  setting,
  { checkpoint, batch, rate, iterations, warmup },
) {
  const { form, taps, dropPathRate, weightDecay, layerDecay } = setting;
  const state = initialSegmentationHead(form, { seed: SEED });
  const encoder = await trainedEncoder(checkpoint, { size: SIZE, taps, dropPathRate });
  const grid = { rows: PATCHES, columns: PATCHES };
  const drops = channelMasks(form, { batch, seed: SEED });
  const dropPath = encoder.dropPath({ batch, seed: SEED });
  const weights = { ...encoder.parameters, ...state.parameters, ...state.buffers };
  return {
    /** @type {import("@internvit/train").TrainingOptions} */
    options: {
      model: setting.trained
        ? tunedSegmentation(form, { batch, state, encoder })
        : segmentationHead(form, { batch, state, grid }),
      loss: segmentationLoss(form, { batch, height: SIZE, width: SIZE }),
      ...segmentationSettings({
        rate,
        updates: iterations,
        warmup,
        weightDecay,
        layerDecay,
        layers: LAYERS,
        seed: SEED,
      }),
    },
    /** @param {number} step */
    masks: (step) => ({ ...drops(step), ...dropPath(step) }),
    initial: () => encodeSegmentationHead(weights, { updates: 0, metadata: {} }),
  };
}

/** What PyTorch is told of a setting. @param {Setting} setting @param {Plan} plan */
export function peerSettings({ form, taps, trained, weightDecay, layerDecay }, plan) {
  return {
    ...form,
    ...plan,
    size: SIZE,
    taps,
    frozen: !trained,
    weightDecay,
    layerDecay,
    layers: LAYERS,
  };
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
