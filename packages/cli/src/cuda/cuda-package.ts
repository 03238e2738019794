// The package with ONNX Runtime's CUDA and TensorRT libraries, which npm has no room for: on nuget.org, one for each
// version (docs/decisions/0016-cuda-libraries.md says where its hash comes from).

/** Id of the package on NuGet, in lower case as its addresses have it. */
export const CUDA_PACKAGE = "microsoft.ml.onnxruntime.gpu.linux";

/** Where nuget.org lists its services. */
export const NUGET_INDEX = "https://api.nuget.org/v3/index.json";

const FOLDER = "runtimes/linux-x64/native";

/** The files that are taken, by their names in the package. */
export const CUDA_FILES: readonly string[] = ["shared", "cuda", "tensorrt"].map(
  (name) => `${FOLDER}/libonnxruntime_providers_${name}.so`,
);
