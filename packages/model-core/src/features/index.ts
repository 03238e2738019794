// The entry `@internvit/model-core/features`: looking at features. Encoding needs none of it.

export {
  type ColorImage,
  colorFeatures,
  type FeatureColors,
  type FeaturePalette,
  fitFeaturePalette,
  paintFeatures,
} from "./feature-colors.ts";
export { type PatchFeatures, patchFeatures } from "./patch-features.ts";
export {
  fitPrincipalBasis,
  type Observations,
  type PrincipalAxis,
  type PrincipalBasis,
  type PrincipalComponent,
  principalComponents,
  projectRows,
} from "./principal-components.ts";
export {
  cosineSimilarities,
  cosineSimilarity,
  nearestNeighbors,
  type Neighbor,
} from "./similarity.ts";
