// The canary: two tiny graphs on the provider, held against WebAssembly's numbers in the same worker. It finds devices
// on which ONNX Runtime gives wrong numbers without an error, before an encoder is built for them.

import {
  buildProbeGraphs,
  PROBE_GRAPHS,
  probeError,
  type ProbeGraph,
  probeInput,
} from "@internvit/model-core";
import type { InferenceSession } from "onnxruntime-web/webgpu";

import type { StartedProvider } from "./protocol.ts";

type Ort = typeof import("onnxruntime-web/webgpu");
type Providers = NonNullable<InferenceSession.SessionOptions["executionProviders"]>;

/** The errors of both graphs; undefined for one that the provider refuses. */
export async function probeProvider(
  ort: Ort,
  providers: Providers,
): Promise<StartedProvider["probe"]> {
  const graphs = buildProbeGraphs();
  const errors: Partial<Record<ProbeGraph, number>> = {};
  for (const name of PROBE_GRAPHS) {
    try {
      const computed = await compute(ort, graphs[name], providers);
      const expected = await compute(ort, graphs[name], ["wasm"]);
      errors[name] = probeError({ expected, computed });
    } catch {
      // Refused: told by the missing error. Without the first graph the second says nothing.
      break;
    }
  }
  return { error: errors.plain, attentionError: errors.attention };
}

async function compute(
  ort: Ort,
  graph: Uint8Array<ArrayBuffer>,
  executionProviders: Providers,
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(graph, {
    executionProviders,
    logSeverityLevel: 3,
  });
  try {
    const { data, shape } = probeInput();
    const { y } = await session.run({ x: new ort.Tensor("float32", data, shape) });
    return Float32Array.from(y?.data as Float32Array);
  } finally {
    await session.release();
  }
}
