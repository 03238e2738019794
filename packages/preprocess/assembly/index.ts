// The kernels of this package as one WebAssembly module.

export { normalize } from "./normalize";
export { horizontal, vertical } from "./resample";
