// What `segment` found: the classes with their colours and shares, in a file and in words.

import type { JsonValue } from "@internvit/model-core";
import { join } from "node:path";

import { classColours, type Rgb, type SegmentationHeadFacts } from "@internvit/eval";

import type { Model } from "../checkpoints/open-model.ts";
import type { FailedEvent, ResultEvent } from "../events.ts";
import { writeWholeFile } from "../results/temporary-files.ts";
import { formatCount, formatDuration, formatMany } from "../terminal/quantities.ts";
import { failureFacts } from "./failures.ts";
import { versionFacts } from "./provenance.ts";
import type { SegmentedPicture, SegmentRequest } from "./segment.ts";
import { LEGEND } from "./segment-files.ts";

/** A finished run of `segment`. */
export interface SegmentOutcome {
  readonly facts: SegmentationHeadFacts;
  /** Undefined for a head with its encoder. */
  readonly model: Model | undefined;
  readonly request: SegmentRequest;
  readonly done: readonly SegmentedPicture[];
  readonly failed: readonly FailedEvent[];
  readonly milliseconds: number;
}

/** Classes that are told in words. */
const MAX_TOLD = 10;

interface ClassShare {
  readonly label: number;
  readonly name: string;
  readonly colour: string;
  readonly pixels: number;
  /** Of all pixels of all pictures. */
  readonly share: number;
}

/** Writes `legend.json` and returns its path. */
export async function writeLegend(outcome: SegmentOutcome): Promise<string> {
  const { facts, model, request, done, failed } = outcome;
  const { protocol, iteration, inference, encoder } = facts;
  const { scales = inference.scales, flip, orientation } = request;
  const legend: JsonValue = {
    head: { file: request.head, protocol, iteration, encoder: encoder.name },
    model: model?.label ?? null,
    ...(model?.synthesized !== undefined && { synthesized: model.synthesized }),
    inference: { ...inference, scales, flip: flip || inference.flip, orientation },
    classes: classShares(outcome).map((each) => ({ ...each })),
    pictures: done.map(({ key, labels, overlay, width, height, pixels }) => ({
      file: key,
      labels,
      overlay,
      width,
      height,
      classes: Array.from(pixels, (count, label) => ({
        label,
        name: facts.classes[label]!,
        share: count / (width * height),
      })).filter(({ share }) => share > 0),
    })),
    failed: failureFacts(failed),
    ...versionFacts(),
  };
  const path = join(request.output, LEGEND);
  const text = `${JSON.stringify(legend, undefined, 1)}\n`;
  await writeWholeFile(path, new TextEncoder().encode(text));
  return path;
}

/** The result in words and as facts. */
export function describeSegments(outcome: SegmentOutcome, legend: string): ResultEvent {
  const { model, request, done, failed, milliseconds } = outcome;
  const shares = classShares(outcome)
    .filter(({ pixels }) => pixels > 0)
    .sort((a, b) => b.pixels - a.pixels);
  const more = shares.length - MAX_TOLD;
  const perImage = formatDuration(milliseconds / done.length);
  return {
    event: "result",
    command: "segment",
    facts: {
      legend,
      images: done.length,
      failed: failureFacts(failed),
      files: done.flatMap(({ labels, overlay }) => [labels, overlay]),
      classes: shares.map((each) => ({ ...each })),
      milliseconds,
    },
    text: [
      `segmented ${formatMany(done.length, "image")} with ${request.head}, ${perImage} per image`,
      ...(model?.synthesized === undefined ? [] : [`weights: ${model.synthesized}`]),
      ...shares
        .slice(0, MAX_TOLD)
        .map(({ name, colour, share }) => `  ${colour} ${percent(share)} ${name}`),
      ...(more > 0 ? [`  and ${formatCount(more)} more classes`] : []),
      `wrote ${legend}, and labels and an overlay of each image in ${request.output}`,
    ].join("\n"),
  };
}

function classShares({ facts, done }: SegmentOutcome): readonly ClassShare[] {
  const colours = classColours(facts.classes.length);
  const total = done.reduce((sum, { width, height }) => sum + width * height, 0);
  return facts.classes.map((name, label) => {
    const pixels = done.reduce((sum, picture) => sum + picture.pixels[label]!, 0);
    return { label, name, colour: hexadecimal(colours[label]!), pixels, share: pixels / total };
  });
}

function hexadecimal(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1).padStart(5)} %`;
}
