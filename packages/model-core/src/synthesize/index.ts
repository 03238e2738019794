// The entry `@internvit/model-core/synthesize`: checkpoints of random weights. Encoding needs none of it.

export {
  synthesizeCheckpoint,
  type SynthesizedCheckpoint,
  type SynthesizedFile,
  type SynthesizeOptions,
} from "./synthesize-checkpoint.ts";
