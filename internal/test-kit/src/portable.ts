// What tests in Node and tests in a browser have in common; nothing of either here.

export { difference, FLOAT32_GOLDEN_TOLERANCE, type Difference } from "./difference.ts";
export {
  float32Golden,
  type GoldenModel,
  type GoldenTensor,
  parseGoldenTensors,
} from "./golden-tensors.ts";
export { createRandom, type Random } from "./random.ts";
export type { Float64Tensor } from "./interpreter/array.ts";
export { interpret } from "./interpreter/interpret.ts";
