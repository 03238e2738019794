export {
  fixturePath,
  goldenDirectory,
  goldenPath,
  photosDirectory,
  readGoldenJson,
  readGoldenTensors,
} from "./goldens.ts";
export { float32Golden, type GoldenTensor } from "./golden-tensors.ts";
export { difference, FLOAT32_GOLDEN_TOLERANCE, type Difference } from "./difference.ts";
export { runReadmeExamples } from "./readme.ts";
export { createRandom, type Random } from "./random.ts";
export {
  type Fault,
  gitSha1,
  type HubServer,
  type LoggedRequest,
  type ServedModel,
  sha256,
  startHub,
} from "./hub-server.ts";
