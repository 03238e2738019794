// Entry `@internvit/model-core/onnx`: the operators that graphs are written with. Each function checks shapes, adds one
// node (some a few) and gives its result.

export { single } from "./builder.ts";
export { onnxDataType } from "./encode-model.ts";
export { broadcastShapes, formatShape, refuseShapes, resolveAxis } from "./shape.ts";

export { add, cast, div, gelu, mul, sqrt, sub } from "./ops/elementwise.ts";
export { concat, expandBatch, gather, reshape, select, slice, transpose } from "./ops/layout.ts";
export { fusedMatMul, type FusedMatMulOptions, matMul } from "./ops/linear-algebra.ts";
export { layerNormalization, reduceMean, rmsNormalization, softmax } from "./ops/reduction.ts";
export { simplifiedLayerNormalization } from "./ops/contributed.ts";
export { bicubicMatrix } from "../encoder/position-embedding.ts";
