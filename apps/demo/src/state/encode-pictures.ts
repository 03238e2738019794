// Takes waiting pictures through the stages, one after the other, with the model in use. A picture that fails says why
// and stays; another model begins all of them again.

import { type Tensor } from "@internvit/model-core";
import { patchFeatures } from "@internvit/model-core/features";
import { packPixels } from "@internvit/preprocess";
import { batch, effect } from "@preact/signals";

import type { OpenedModel } from "../model/open-encoder.ts";
import { preparePicture } from "../tasks/page-tasks.ts";
import type { PreparedPicture } from "../worker/protocol.ts";
import { announce } from "./announcements.ts";
import { model, refreshInfo } from "./model.ts";
import { colorsFor, forgetPalette } from "./palette.ts";
import { type Picture, type PictureFeatures, pictures, updatePicture } from "./pictures.ts";

let working = false;

/** Begins to watch for pictures and models; returns what ends it. */
export function encodeAsTheyCome(): () => void {
  let last: OpenedModel | undefined;
  return effect(() => {
    const used = model.value;
    const waiting = pictures.value.some(({ status }) => status === "waiting");
    if (used !== last) {
      last = used;
      startAgain();
    }
    if (used !== undefined && waiting) void encodeWaiting();
  });
}

/** Puts a picture that failed, or whose device was lost, back in line. */
export function encodeAgain(id: number): void {
  updatePicture(id, { status: "waiting", error: undefined });
}

function startAgain(): void {
  batch(() => {
    forgetPalette();
    for (const { id, prepared } of pictures.peek()) {
      // What was decoded before stays on the screen while the new features are made.
      updatePicture(id, { status: "waiting", error: undefined, features: undefined, prepared });
    }
  });
}

async function encodeWaiting(): Promise<void> {
  if (working) return;
  working = true;
  try {
    for (let next = nextWaiting(); next !== undefined; next = nextWaiting()) {
      await encodePicture(next.picture, next.used);
    }
  } finally {
    working = false;
  }
}

function nextWaiting(): { readonly picture: Picture; readonly used: OpenedModel } | undefined {
  const used = model.peek();
  const picture = pictures.peek().find(({ status }) => status === "waiting");
  return used === undefined || picture === undefined ? undefined : { picture, used };
}

async function encodePicture({ id, name, source }: Picture, used: OpenedModel): Promise<void> {
  /** False when another model has come and has put this picture back in line. */
  const isMeant = (): boolean => model.peek() === used;
  try {
    updatePicture(id, { status: "preparing", times: {} });
    const prepared = await preparePicture(source, { name, config: used.processor });
    if (!isMeant()) return;
    updatePicture(id, { status: "encoding", prepared, times: prepared.times });
    const beforeEncode = performance.now();
    const features = await encodePrepared(prepared, used);
    if (!isMeant()) return;
    refreshInfo(used);
    const beforeDraw = performance.now();
    const colors = await colorsFor(features, name);
    if (!isMeant()) return;
    const times = {
      ...prepared.times,
      encode: beforeDraw - beforeEncode,
      draw: performance.now() - beforeDraw,
    };
    updatePicture(id, { status: "ready", features, colors, times });
    announceProgress(name);
  } catch (error) {
    if (!isMeant()) return;
    // The view shows it as an alert, which is read out by itself.
    const message = error instanceof Error ? error.message : String(error);
    updatePicture(id, { status: "failed", error: message });
  }
}

/** What the encoder makes of a picture. */
export async function encodePrepared(
  { crop }: PreparedPicture,
  { encoder, inputSize }: OpenedModel,
): Promise<PictureFeatures> {
  const output = await encoder.encode(packPixels([crop]));
  const { patchSize } = encoder.config;
  return {
    patches: patchFeatures(present(output.lastHiddenState), { inputSize, patchSize }),
    classToken: present(output.poolerOutput).data,
    patchMean: present(output.patchMean).data,
  };
}

function present(tensor: Tensor<"float32"> | undefined): Tensor<"float32"> {
  if (tensor === undefined) throw new TypeError("the encoder was opened without this output");
  return tensor;
}

function announceProgress(name: string): void {
  const all = pictures.peek();
  const ready = all.filter(({ status }) => status === "ready").length;
  announce(`${name}: features are ready. ${ready} of ${all.length} pictures.`);
}
