// Copies to WebGPU's memory and back. onnxruntime-node gives no buffer that could be written or read (reading one ends
// the process), but a graph that does nothing takes its input from either side and leaves its output on either side.

import type { Dtype } from "@internvit/model-core";
import type { DeviceCopies } from "@internvit/model-core/session";
import type * as Onnxruntime from "onnxruntime-node";

type Session = Onnxruntime.InferenceSession;

/** Copies that sessions make. */
export interface SessionCopies extends DeviceCopies<Onnxruntime.Tensor> {
  /** Releases the sessions: after all others, and after the buffers. */
  close(): Promise<void>;
}

/** Copies by sessions that are made when an element type is first met. */
export function createDeviceCopies(
  ort: Pick<typeof Onnxruntime, "Tensor">,
  createSession: (
    graph: Uint8Array<ArrayBuffer>,
    options: Onnxruntime.InferenceSession.SessionOptions,
  ) => Promise<Session>,
): SessionCopies {
  const sessions = new Map<string, Promise<Session>>();
  const copy = async (
    tensor: Onnxruntime.Tensor,
    location: "cpu" | "gpu-buffer",
  ): Promise<Onnxruntime.Tensor> => {
    const dtype = tensor.type as Dtype;
    const key = `${dtype} ${location}`;
    const session =
      sessions.get(key) ??
      identityGraph(dtype).then((graph) =>
        createSession(graph, { preferredOutputLocation: { y: location } }),
      );
    sessions.set(key, session);
    const { y } = await (await session).run({ x: reshaped(ort, tensor, [tensor.size]) });
    return reshaped(ort, y!, tensor.dims);
  };
  return {
    async close() {
      for (const session of sessions.values()) await (await session).release();
    },
    upload: (tensor) => copy(tensor, "gpu-buffer"),
    download: (tensor) => copy(tensor, "cpu"),
  };
}

/** y = x, of any length. */
async function identityGraph(dtype: Dtype): Promise<Uint8Array<ArrayBuffer>> {
  // Not a static import: every session thread would load it, and few need it.
  const { createGraphBuilder, encodeGraphModel } = await import("@internvit/model-core");
  const graph = createGraphBuilder();
  const x = graph.input("x", dtype, ["n"]);
  const [y] = graph.addNode({
    opType: "Identity",
    inputs: [x],
    outputs: [{ dtype, shape: ["n"] }],
  });
  graph.output("y", y!);
  return encodeGraphModel(graph.finish("copy"));
}

/** The same values in another shape. */
function reshaped(
  ort: Pick<typeof Onnxruntime, "Tensor">,
  tensor: Onnxruntime.Tensor,
  dims: readonly number[],
): Onnxruntime.Tensor {
  if (tensor.location === "cpu") return tensor.reshape(dims);
  return ort.Tensor.fromGpuBuffer(tensor.gpuBuffer, {
    dataType: tensor.type as "float32",
    dims,
    dispose: () => tensor.dispose(),
  });
}
