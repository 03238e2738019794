// The kernels of this package as one WebAssembly module.

export { colors, enlarge } from "./jpeg-colors";
export { normalize } from "./normalize";
export { horizontal, vertical } from "./resample";
