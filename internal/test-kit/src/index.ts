export {
  dataDirectory,
  fixturePath,
  goldenDirectory,
  goldenPath,
  photosDirectory,
  readGoldenJson,
  readGoldenModels,
  readGoldenTensors,
} from "./goldens.ts";
export {
  createRandom,
  difference,
  type Difference,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
  type GoldenModel,
  type GoldenTensor,
  type Random,
} from "./portable.ts";
export { runReadmeExamples } from "./readme.ts";
export {
  type Fault,
  gitSha1,
  type HubServer,
  type LoggedRequest,
  type ServedModel,
  sha256,
  startHub,
} from "./hub-server.ts";
