// Which model is in use, and which one is being opened. One that fails to open changes nothing about the one in use.

import type { EncoderInfo } from "@internvit/model-core";
import { batch, type ReadonlySignal, signal } from "@preact/signals";

import { type ModelChoice, nameOfSource } from "../model/choices.ts";
import { type OpenedModel, openEncoder } from "../model/open-encoder.ts";
import type { OpenProgress } from "../model/open-progress.ts";
import { plainError } from "../model/plain-words.ts";
import { announce } from "./announcements.ts";
import { refreshKept } from "./kept.ts";

/** A model on its way. */
export interface OpeningModel {
  readonly name: string;
  readonly progress: OpenProgress;
}

const inUse = signal<OpenedModel>();
const facts = signal<EncoderInfo>();
const onItsWay = signal<OpeningModel>();
const problem = signal<string>();
const incident = signal<string>();

/** The model that encodes; undefined before the first is there. */
export const model: ReadonlySignal<OpenedModel | undefined> = inUse;
/** What is known of how it runs; more after its first picture. */
export const modelInfo: ReadonlySignal<EncoderInfo | undefined> = facts;
/** The model that is being opened. */
export const opening: ReadonlySignal<OpeningModel | undefined> = onItsWay;
/** Why the last one could not be opened. */
export const openingError: ReadonlySignal<string | undefined> = problem;
/** What happened to the device meanwhile. */
export const deviceIncident: ReadonlySignal<string | undefined> = incident;

let attempt: AbortController | undefined;

/** Opens a model and uses it from then on. An attempt under way ends. */
export async function openModel(choice: ModelChoice): Promise<void> {
  attempt?.abort();
  const own = new AbortController();
  attempt = own;
  const name = nameOfSource(choice.source);
  batch(() => {
    problem.value = undefined;
    onItsWay.value = { name, progress: { step: "Opening" } };
  });
  announce(`Opening ${name}`);
  try {
    const opened = await openEncoder(choice, {
      signal: own.signal,
      onProgress: (progress) => {
        if (attempt !== own) return;
        if (onItsWay.peek()?.progress.step !== progress.step) announce(`${name}: ${progress.step}`);
        onItsWay.value = { name, progress };
      },
      onDeviceLost: (reason) => {
        incident.value = `The GPU was lost (${reason}). The encoder starts again on a new one, and no picture is lost.`;
        announce(incident.value);
      },
    });
    if (attempt !== own) return await opened.encoder.dispose();
    const before = inUse.value;
    batch(() => {
      inUse.value = opened;
      facts.value = { ...opened.encoder.info };
      incident.value = undefined;
    });
    announce(`${name} is ready`);
    await before?.encoder.dispose();
  } catch (error) {
    if (own.signal.aborted) return;
    problem.value = `${name} cannot be used: ${plainError(error)}`;
  } finally {
    if (attempt === own) {
      attempt = undefined;
      onItsWay.value = undefined;
    }
    await refreshKept();
  }
}

/** To be called after a run: the first one shows where the graph's nodes are. */
export function refreshInfo({ encoder: { info } }: OpenedModel): void {
  if (facts.peek()?.placement === info.placement || inUse.peek()?.encoder.info !== info) return;
  // A copy: the encoder completes its own.
  facts.value = { ...info };
}

/** Gives up the attempt under way. */
export function cancelOpening(): void {
  const name = onItsWay.value?.name;
  attempt?.abort();
  attempt = undefined;
  onItsWay.value = undefined;
  if (name !== undefined) announce(`${name}: cancelled`);
}
