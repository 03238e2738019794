// A segmentation head's file: what it says of itself, and all of it.

import { decodeHeadFacts, readSegmentationHead, type SegmentationHeadFile } from "@internvit/eval";
import { parseEncoderConfig, readSafetensorsHeader } from "@internvit/model-core";
import { blobSource } from "@internvit/runtime-web";

import type { HeadDescription } from "./segment-protocol.ts";

interface NamedFile {
  readonly file: Blob;
  readonly name: string;
}

/**
 * What it says of itself. Its weights stay where they are.
 *
 * @throws ModelError for what is no safetensors file, EvalError for one without a head's facts
 */
export async function readFacts({ file, name: subject }: NamedFile): Promise<HeadDescription> {
  const { metadata } = await readSafetensorsHeader(blobSource(file), { subject });
  const facts = decodeHeadFacts(metadata, { subject });
  return { facts, config: parseEncoderConfig(facts.encoder.config, { subject }).config };
}

/**
 * All of it, and the buffers that it lies in.
 *
 * @throws EvalError for a file whose tensors are not those of its head
 */
export async function readWhole({
  file,
  name: subject,
}: NamedFile): Promise<[SegmentationHeadFile, ArrayBuffer[]]> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const head = await readSegmentationHead(bytes, { subject });
  const { parameters, buffers } = head.state;
  const tensors = [...Object.values(parameters), ...Object.values(buffers)];
  const all = [bytes, ...tensors.map(({ data }) => data)];
  return [head, [...new Set(all.map(({ buffer }) => buffer as ArrayBuffer))]];
}
