// Writes a checkpoint of seeded random weights in the published stand-alone layout, or encoder and projector of a
// chat model in theirs, so that everything around the weights can be run, tested and measured without them. It
// streams: the 6B presets are 11 GB and take the memory of one piece. Same architecture, seed and dtype, same bytes:
// each tensor's numbers depend on the seed and its name only, and an encoder's are the same in both layouts.

import { type ExpectedTensors, expectedTensors } from "../checkpoint/expected-tensors.ts";
import type { WeightDtype } from "../checkpoint/encoder-tensors.ts";
import { expectedProjectorTensors, PROJECTOR_NAMINGS } from "../checkpoint/projector-tensors.ts";
import type { ChatConfig } from "../config/chat-config.ts";
import {
  chatConfigJson,
  encoderConfigJson,
  preprocessorConfigJson,
} from "../config/config-json.ts";
import type { EncoderConfig } from "../config/encoder-config.ts";
import { ModelError } from "../errors.ts";
import { float32ToBfloat16, float32ToFloat16 } from "../float-bits.ts";
import { unshuffledGrid } from "../pixel-unshuffle.ts";
import { encodeSafetensorsHeader, type SafetensorsLayout } from "../safetensors/write.ts";
import { DTYPE_BYTES, elementCount } from "../tensor.ts";
import { initialDistribution } from "./initialization.ts";
import { applyOutliers, chooseOutliers, type OutlierChannels } from "./outliers.ts";
import { createRandomStream } from "./random-stream.ts";
import { MAX_SEED, synthesizedConfigJson, synthesizedMetadata } from "./synthesized.ts";

const DEFAULT_CHUNK_BYTES = 4 * 2 ** 20;

/** Options of `synthesizeCheckpoint`. */
export interface SynthesizeOptions {
  /** A whole number from 0 to 4,294,967,295. */
  readonly seed: number;
  /** How the weights are stored; default `bfloat16`. */
  readonly dtype?: WeightDtype;
  /** The preset that the architecture comes from, to be noted in the files. */
  readonly preset?: string;
  /**
   * The chat side, with its `projectorWidth`: the files are those of a chat model without its language model.
   * Default: a stand-alone encoder.
   */
  readonly chat?: ChatConfig | undefined;
  /** Makes a few norm and residual channels 50 times larger, as trained weights have them. Default false. */
  readonly outliers?: boolean;
  /** Largest piece in bytes, at least 1024; default 4 MiB. It does not change the bytes of the file. */
  readonly chunkBytes?: number;
}

/** A file that is made while it is read. */
export interface SynthesizedFile {
  readonly name: string;
  readonly byteLength: number;
  /** The bytes in order, as pieces that belong to the caller. May be iterated again. */
  readonly chunks: Iterable<Uint8Array<ArrayBuffer>>;
}

/** The files of a synthesized checkpoint. */
export interface SynthesizedCheckpoint {
  readonly files: readonly SynthesizedFile[];
  /** Size of all files in bytes. */
  readonly byteLength: number;
}

/**
 * A checkpoint of random weights: `config.json`, `preprocessor_config.json` and `model.safetensors`. The first and
 * the last say that it is one, and `readCheckpoint` finds that again.
 *
 * @throws ModelError `invalid-argument` for a seed or chunk size out of range, and for a chat side without a width.
 */
export function synthesizeCheckpoint(
  config: EncoderConfig,
  options: SynthesizeOptions,
): SynthesizedCheckpoint {
  const {
    seed,
    dtype = "bfloat16",
    preset,
    chat,
    outliers = false,
    chunkBytes = DEFAULT_CHUNK_BYTES,
  } = options;
  checkWhole("seed", seed, { minimum: 0, maximum: MAX_SEED });
  checkWhole("chunkBytes", chunkBytes, { minimum: 1024, maximum: 2 ** 30 });
  const mark = { seed, preset, outliers };
  const channels = outliers ? chooseOutliers(seed, config.hiddenSize) : undefined;
  const expected = chat === undefined ? encoderTensors(config, "") : chatTensors(config, chat);
  const layout = encodeSafetensorsHeader(
    Array.from(expected, ([name, shape]) => ({ name, dtype, shape })),
    { metadata: { format: "pt", ...synthesizedMetadata(mark) } },
  );
  const files = [
    jsonFile("config.json", {
      ...(chat === undefined
        ? encoderConfigJson(config, { dtype })
        : chatConfigJson(config, { chat, dtype })),
      ...synthesizedConfigJson(mark),
    }),
    jsonFile(
      "preprocessor_config.json",
      preprocessorConfigJson(chat?.imageSize ?? config.imageSize),
    ),
    {
      name: "model.safetensors",
      byteLength: layout.byteLength,
      chunks: {
        [Symbol.iterator]: () =>
          weightChunks(layout, { seed, dtype, outliers: channels, chunkBytes }),
      },
    },
  ];
  return { files, byteLength: files.reduce((total, file) => total + file.byteLength, 0) };
}

const CHAT_PREFIX = "vision_model.";

function encoderTensors(config: EncoderConfig, prefix: "" | typeof CHAT_PREFIX): ExpectedTensors {
  return expectedTensors(config, { scheme: prefix === "" ? "standalone" : "chat", prefix });
}

function chatTensors(config: EncoderConfig, chat: ChatConfig): ExpectedTensors {
  const { projectorWidth: width, downsampleRatio } = chat;
  if (width === undefined) {
    throw new ModelError(
      "invalid-argument",
      "chat.projectorWidth: expected a width, found nothing",
    );
  }
  const { factor } = unshuffledGrid({ rows: 0, columns: 0 }, downsampleRatio);
  const size = { inputWidth: config.hiddenSize * factor ** 2, width };
  const [naming] = PROJECTOR_NAMINGS;
  return new Map([
    ...expectedProjectorTensors(size, naming),
    ...encoderTensors(config, CHAT_PREFIX),
  ]);
}

interface WeightOptions {
  readonly seed: number;
  readonly dtype: WeightDtype;
  readonly outliers: OutlierChannels | undefined;
  readonly chunkBytes: number;
}

function* weightChunks(
  { header, entries }: SafetensorsLayout,
  { seed, dtype, outliers, chunkBytes }: WeightOptions,
): Generator<Uint8Array<ArrayBuffer>> {
  yield header.slice();
  const chunkElements = Math.floor(chunkBytes / DTYPE_BYTES[dtype]);
  for (const { name: stored, shape } of entries) {
    const name = stored.startsWith(CHAT_PREFIX) ? stored.slice(CHAT_PREFIX.length) : stored;
    const stream = createRandomStream(seed, name);
    const distribution = initialDistribution(name, shape);
    const count = elementCount(shape);
    for (let first = 0; first < count; first += chunkElements) {
      const values = new Float32Array(Math.min(count - first, chunkElements));
      stream.fillNext(values, distribution);
      if (outliers !== undefined) applyOutliers(values, outliers, { name, shape, first });
      yield toBytes(values, dtype);
    }
  }
}

function toBytes(values: Float32Array<ArrayBuffer>, dtype: WeightDtype): Uint8Array<ArrayBuffer> {
  if (dtype === "float32") return new Uint8Array(values.buffer);
  const bits = new Uint16Array(values.length);
  if (dtype === "bfloat16") float32ToBfloat16(values, bits);
  else float32ToFloat16(values, bits);
  return new Uint8Array(bits.buffer);
}

function jsonFile(name: string, json: unknown): SynthesizedFile {
  const bytes = new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);
  function* chunks(): Generator<Uint8Array<ArrayBuffer>> {
    yield bytes.slice();
  }
  return { name, byteLength: bytes.byteLength, chunks: { [Symbol.iterator]: chunks } };
}

function checkWhole(
  name: string,
  value: number,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): void {
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    throw new ModelError(
      "invalid-argument",
      `${name}: expected a whole number from ${minimum} to ${maximum}, found ${value}`,
    );
  }
}
