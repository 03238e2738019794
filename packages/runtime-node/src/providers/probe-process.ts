// The process that a probe runs in. A driver that is broken can take a process down, so it is not the user's; and
// whatever the probe opened is gone when it ends.

import { PROBE_GRAPHS, type ProbeGraph, type ProbeNumbers } from "@internvit/model-core/session";
import type * as Onnxruntime from "onnxruntime-node";

import type { ProbeReply, ProbeRequest } from "./probe-protocol.ts";

type Ort = typeof Onnxruntime;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function compute(
  ort: Ort,
  graph: Uint8Array<ArrayBuffer>,
  { request, providers }: { readonly request: ProbeRequest; readonly providers: readonly string[] },
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(graph, {
    executionProviders: [...providers],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const { data, shape } = request.input;
  const { y } = await session.run({ x: new ort.Tensor("float32", data, [...shape]) });
  // Fetched to the CPU by the run itself; a GPU buffer's getData() would end the process.
  const result = Float32Array.from((y as Onnxruntime.Tensor).data as Float32Array);
  await session.release();
  return result;
}

async function probe(request: ProbeRequest): Promise<ProbeReply> {
  let ort: Ort;
  try {
    ({ default: ort } = (await import("onnxruntime-node")) as unknown as { default: Ort });
  } catch (error) {
    return { kind: "no-runtime", message: messageOf(error) };
  }
  const backends = ort.listSupportedBackends().map(({ name }) => name);
  const version = ort.env.versions.node ?? ort.env.versions.common;
  const results: Partial<Record<ProbeGraph, ProbeNumbers>> = {};
  const errors: Partial<Record<ProbeGraph, string>> = {};
  if (request.providers.length > 0) {
    for (const name of PROBE_GRAPHS) {
      const graph = request.graphs[name];
      try {
        const computed = await compute(ort, graph, { request, providers: request.providers });
        const expected = await compute(ort, graph, { request, providers: ["cpu"] });
        results[name] = { computed, expected };
      } catch (error) {
        errors[name] = messageOf(error);
        // Without the first there is nothing to be gained from the second.
        break;
      }
    }
  }
  return { kind: "done", backends, version, results, errors };
}

process.once("message", (request: ProbeRequest) => {
  void probe(request).then((reply) => {
    process.send?.(reply, () => process.disconnect());
  });
});
