// How the contract of `VisionEncoder` gets the encoders that it checks.

import type {
  EncoderOutput,
  Fusion,
  InputSize,
  PixelShuffleVersion,
  VisionEncoder,
} from "@internvit/model-core";

/** Makes an encoder over a golden checkpoint, given by the path or the address of its folder. */
export type VisionEncoderMaker = (
  checkpoint: string,
  options: {
    readonly outputs: readonly EncoderOutput[];
    readonly inputSize: InputSize;
    readonly fusions?: readonly Fusion[];
    readonly batchSize?: number;
    readonly selectLayer?: number;
    readonly pixelShuffleVersion?: PixelShuffleVersion;
  },
) => Promise<VisionEncoder>;
