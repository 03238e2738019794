// Where each published entry runs. An entry that is not listed is a problem, so that none is forgotten.

/** "browser" means: in browsers too; what Node alone can run is "node". */
export const ENTRY_PLATFORMS: Readonly<Record<string, "browser" | "node">> = {
  "@internvit/eval": "browser",
  "@internvit/eval/node": "node",
  "@internvit/hub": "browser",
  "@internvit/hub/node": "node",
  "@internvit/model-core": "browser",
  "@internvit/model-core/features": "browser",
  "@internvit/model-core/onnx": "browser",
  "@internvit/model-core/session": "browser",
  "@internvit/model-core/synthesize": "browser",
  "@internvit/preprocess": "browser",
  "@internvit/preprocess/canvas": "browser",
  "@internvit/preprocess/sharp": "node",
  "@internvit/preprocess/video": "browser",
  "@internvit/preprocess/video/node": "node",
  "@internvit/runtime-node": "node",
  "@internvit/runtime-web": "browser",
  "@internvit/train": "browser",
  "@internvit/train/node": "node",
  internvit: "node",
};
