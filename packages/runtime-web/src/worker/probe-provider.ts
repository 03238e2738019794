// The canary: two tiny graphs on the provider, held against WebAssembly's numbers in the same worker. It finds devices
// on which ONNX Runtime gives wrong numbers without an error, before an encoder is built for them.

import {
  buildHalfProbe,
  buildProbeGraphs,
  probeError,
  probeInput,
} from "@internvit/model-core/session";
import type { InferenceSession } from "onnxruntime-web/webgpu";

import type { ProbeErrors } from "./protocol.ts";

type Ort = typeof import("onnxruntime-web/webgpu");
type Providers = NonNullable<InferenceSession.SessionOptions["executionProviders"]>;

/** Starts ONNX Runtime, which it does by itself only with its first session: before weights are read for one. */
export async function startRuntime(ort: Ort): Promise<void> {
  const session = await ort.InferenceSession.create(buildProbeGraphs().plain, {
    executionProviders: ["wasm"],
    logSeverityLevel: 3,
  });
  await session.release();
}

/** The errors of the probe graphs; of the one in float16 where `half` says that the adapter has it. */
export async function probeProvider(
  ort: Ort,
  options: { readonly providers: Providers; readonly half: boolean },
): Promise<ProbeErrors> {
  const { providers, half } = options;
  const { plain, attention } = buildProbeGraphs();
  const errorOf = async (graph: Uint8Array<ArrayBuffer>): Promise<number | undefined> => {
    try {
      const computed = await compute(ort, graph, providers);
      const expected = await compute(ort, graph, ["wasm"]);
      return probeError({ expected, computed });
    } catch {
      // Refused: told by the missing error.
      return undefined;
    }
  };
  const error = await errorOf(plain);
  // Without the first graph the others say nothing.
  const next = (graph: Uint8Array<ArrayBuffer>): ReturnType<typeof errorOf> =>
    error === undefined ? Promise.resolve(undefined) : errorOf(graph);
  return {
    error,
    attentionError: await next(attention),
    halfError: half ? await next(buildHalfProbe()) : undefined,
  };
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
