// How much of a page's download our packages may be, for what people import. A budget is a promise: it has a little
// room for fixes, and raising it is a decision. Kilobytes are 1000 bytes.

/** The budget of one typical import. */
export interface SizeBudget {
  /** What somebody does with it. */
  readonly purpose: string;
  /** By entry: the names that are imported, or "*" for all of them. */
  readonly imports: Readonly<Record<string, readonly string[] | "*">>;
  /** Most bytes of the minified bundle after gzip, with all dependencies but those of NOT_COUNTED. */
  readonly limit: number;
}

/** What an application chooses and pays for itself: the runtime, and the library that opens video files. */
export const NOT_COUNTED: readonly string[] = ["onnxruntime-web", "mediabunny"];

const PLANS = ["planImages", "visualPrompt", "chatPrompt"];
const GRAPH = ["readCheckpoint", "buildEncoderGraph", "encodeGraphModel"];

/** Every budget, the smallest import first. */
export const SIZE_BUDGETS: readonly SizeBudget[] = [
  {
    purpose: "tiles of a picture",
    imports: { "@internvit/model-core": ["planTiles"] },
    limit: 3000,
  },
  {
    purpose: "token counts and prompts",
    imports: { "@internvit/model-core": PLANS },
    limit: 3000,
  },
  {
    purpose: "a safetensors file",
    imports: { "@internvit/model-core": ["readSafetensorsHeader", "readTensor"] },
    limit: 3000,
  },
  {
    purpose: "features as colours, and how alike they are",
    imports: { "@internvit/model-core/features": "*" },
    limit: 3000,
  },
  {
    purpose: "Pillow's resize",
    imports: { "@internvit/preprocess": ["resizeRgb"] },
    limit: 6000,
  },
  {
    purpose: "frames of a video",
    imports: { "@internvit/preprocess/video": "*" },
    limit: 6000,
  },
  {
    purpose: "tiles as pixels",
    imports: { "@internvit/model-core": ["planImages"], "@internvit/preprocess": ["visualPixels"] },
    limit: 7000,
  },
  {
    purpose: "pictures in a browser",
    imports: { "@internvit/preprocess/canvas": ["decodeImage"] },
    limit: 12_500,
  },
  {
    purpose: "a model's config.json",
    imports: { "@internvit/model-core": ["parseEncoderConfig"] },
    limit: 12_000,
  },
  {
    purpose: "checkpoints from the hub",
    imports: { "@internvit/hub": "*" },
    limit: 13_000,
  },
  {
    purpose: "a checkpoint as an ONNX graph",
    imports: { "@internvit/model-core": GRAPH },
    limit: 24_000,
  },
  {
    purpose: "from picture to visual tokens",
    imports: {
      "@internvit/model-core": [...GRAPH, ...PLANS, "encodeVisualTokens", "featureOf"],
      "@internvit/preprocess": ["parseImageProcessorConfig", "clipCrop", "visualPixels"],
    },
    limit: 34_000,
  },
  {
    purpose: "an encoder in a page",
    imports: { "@internvit/runtime-web": ["createVisionEncoder", "blobDirectory"] },
    limit: 40_000,
  },
  {
    // All that a page should ever pay; the worker's own code comes on top (docs/decisions/0020).
    purpose: "all of model-core, preprocess and runtime-web",
    imports: {
      "@internvit/model-core": "*",
      "@internvit/preprocess": "*",
      "@internvit/runtime-web": "*",
    },
    limit: 60_000,
  },
];
