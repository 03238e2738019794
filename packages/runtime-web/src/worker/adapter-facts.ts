// What a WebGPU adapter says of itself.

/** An adapter in plain data. */
export interface AdapterFacts {
  /** Name, as far as the browser tells it. */
  readonly name: string;
  /** True for an adapter that computes on the CPU. */
  readonly software: boolean;
  /** Whether shaders may compute in 16 bit. */
  readonly shaderF16: boolean;
  /** Largest buffer, and largest part of one that a shader sees, in bytes. */
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|warp/i;

/** The facts of an adapter. */
export function adapterFacts({ info, features, limits }: GPUAdapter): AdapterFacts {
  const words = [info.description, info.device, info.architecture, info.vendor].filter(
    (word) => word !== "",
  );
  const name = words[0] === info.description ? info.description : words.toReversed().join(" ");
  return {
    name: name === "" || words.length === 0 ? "unnamed GPU" : name,
    software: info.isFallbackAdapter || words.some((word) => SOFTWARE.test(word)),
    shaderF16: features.has("shader-f16"),
    maxBufferBytes: limits.maxBufferSize,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
  };
}

/** Tells adapters apart. */
export function adapterKey(adapter: AdapterFacts): string {
  return JSON.stringify(adapter);
}
