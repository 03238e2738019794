// What ONNX Runtime 1.30's CUDA and TensorRT providers need on Linux: the names that their libraries are linked
// against (CUDA 12, cuDNN 9, TensorRT 10).
// https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html

/** ONNX Runtime's own, beside libonnxruntime; not in the npm package. */
export const PROVIDER_FILES = {
  shared: "libonnxruntime_providers_shared.so",
  cuda: "libonnxruntime_providers_cuda.so",
  tensorrt: "libonnxruntime_providers_tensorrt.so",
} as const;

/** Libraries of the CUDA provider; the first is the driver's. */
export const CUDA_LIBRARIES = [
  "libcuda.so.1",
  "libcudart.so.12",
  "libcublas.so.12",
  "libcublasLt.so.12",
  "libcufft.so.11",
  "libcurand.so.10",
  "libcudnn.so.9",
] as const;

/** What the TensorRT provider needs on top. */
export const TENSORRT_LIBRARIES = ["libnvinfer.so.10", "libnvonnxparser.so.10"] as const;

/** The oldest driver on Linux that runs programs of CUDA 12 (NVIDIA's release notes, minor version compatibility). */
export const MIN_DRIVER = "525.60.13";

/** What to install for a library that is missing. */
export function packageOf(library: string): string {
  if (library.startsWith("libcuda."))
    return "NVIDIA's driver; a container is started with --gpus all";
  if (library.startsWith("libcudnn")) return "cuDNN 9 for CUDA 12 (apt: libcudnn9-cuda-12)";
  if (library.startsWith("libnv")) return "TensorRT 10 (apt: libnvinfer10 libnvonnxparsers10)";
  return "CUDA 12 (apt: cuda-libraries-12-8)";
}
