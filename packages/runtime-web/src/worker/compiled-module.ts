// ONNX Runtime's WebAssembly, compiled once for all sessions of a page. ONNX Runtime 1.30 has no option for a compiled
// module: it calls `WebAssembly.instantiateStreaming` with what it fetches, or `WebAssembly.instantiate` with
// `env.wasm.wasmBinary`. Something else stands in for these, in this worker only, until ONNX Runtime is there.
// docs/decisions/0024.

/**
 * Hands ONNX Runtime a compiled module instead of bytes. The bytes are none at all: should it not take the module, it
 * fails, and does not compute with something else.
 */
export function giveModule(
  flags: { wasmBinary?: ArrayBufferLike | Uint8Array | undefined },
  module: WebAssembly.Module,
): void {
  const { instantiate } = WebAssembly;
  flags.wasmBinary = new ArrayBuffer(0);
  replace({
    async instantiate(_bytes: BufferSource, imports: WebAssembly.Imports) {
      replace({ instantiate });
      return { module, instance: await instantiate(module, imports) };
    },
  });
}

/** Tells of the module that ONNX Runtime compiles, whichever way it does. */
export function keepModule(onCompiled: (module: WebAssembly.Module) => void): void {
  const { instantiate, instantiateStreaming } = WebAssembly;
  const kept = (
    made: WebAssembly.WebAssemblyInstantiatedSource,
  ): WebAssembly.WebAssemblyInstantiatedSource => {
    replace({ instantiate, instantiateStreaming });
    onCompiled(made.module);
    return made;
  };
  replace({
    instantiate: async (bytes: BufferSource, imports: WebAssembly.Imports) =>
      kept(await instantiate(bytes, imports)),
    instantiateStreaming: async (source: Promise<Response>, imports: WebAssembly.Imports) =>
      kept(await instantiateStreaming(source, imports)),
  });
}

function replace(functions: object): void {
  Object.assign(WebAssembly, functions);
}
