// What the first session of a page finds out and later ones need not find out again: ONNX Runtime's WebAssembly as it
// was compiled, and whether an adapter's numbers are right. docs/decisions/0024.
//
// The one cache of this package: it lives as long as the page, by the folder that ONNX Runtime's files come from. A
// module that several workers have is one in memory.

import type { KnownStart, ProbeErrors } from "./worker/protocol.ts";

interface SharedStart extends KnownStart {
  module: WebAssembly.Module | undefined;
  readonly probed: Map<string, ProbeErrors>;
}

const sharedStarts = new Map<string | undefined, SharedStart>();

/** What is known; whoever finds out more writes it there. */
export function sharedStart(wasmPaths: string | undefined): SharedStart {
  let shared = sharedStarts.get(wasmPaths);
  if (shared === undefined) {
    shared = { module: undefined, probed: new Map() };
    sharedStarts.set(wasmPaths, shared);
  }
  return shared;
}
