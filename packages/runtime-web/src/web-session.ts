// A session that outlives its GPU device. When the device is lost, the worker is replaced by a new one with the same
// graph and weights, and the run that was under way is repeated once.

import {
  type GraphModel,
  type GraphRunOptions,
  type GraphSession,
  type Placement,
  type Tensor,
} from "@internvit/model-core";
import { checkFeeds, type Feeds, type SessionDescription } from "@internvit/model-core/session";

import { RuntimeError } from "./errors.ts";
import { type SessionWorker, startSessionWorker } from "./session-worker.ts";
import type { StartSettings, WeightBlobs } from "./worker/protocol.ts";

/** A session with what ONNX Runtime said of it. */
export interface WebGraphSession extends GraphSession {
  readonly description: SessionDescription;
  /** Nodes of the graph by the provider that computed them; for an encoder on `webgpu`, after its first run. */
  readonly placement: Placement | undefined;
  /** Size of the graph that was loaded, in bytes, without the weights. */
  readonly graphBytes: number;
  /**
   * Destroys the GPU device, as a reset of the driver would: the next run, or the one under way, is computed on a new
   * one. Does nothing on `wasm`.
   */
  loseDevice(): Promise<void>;
}

/** What a session is made of, and made of again. */
export interface SessionParts {
  readonly settings: StartSettings;
  readonly model: GraphModel;
  /** ModelProto bytes. */
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly files: WeightBlobs;
  /** As `GraphLoadOptions` says. */
  readonly memoryPattern?: boolean | undefined;
  /** Whether `placement` is to be known after the first run. */
  readonly recordPlacement: boolean;
  readonly onDeviceLost: ((reason: string) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The number of the only session of its worker. */
const ONLY = 1;

/** Loads a session in a worker that was started; ends the worker when that fails. */
export async function openWebSession(
  first: SessionWorker,
  parts: SessionParts,
): Promise<WebGraphSession> {
  const { model, graph, settings, onDeviceLost } = parts;
  const description = await loadInto(first, parts);
  let worker = first;
  let replacing: Promise<void> | undefined;
  let placement: Placement | undefined;
  let disposed = false;
  let failure: RuntimeError | undefined;

  const replace = async (reason: string): Promise<void> => {
    worker.terminate();
    onDeviceLost?.(reason);
    try {
      const next = await startSessionWorker({ ...settings, probe: false }, { signal: undefined });
      if (disposed) return next.terminate();
      worker = next;
      await loadInto(next, { ...parts, recordPlacement: false, signal: undefined });
    } catch (cause) {
      const text = `the GPU device was lost (${reason}), and there is no new session: ${(cause as Error).message}`;
      failure = new RuntimeError("device-lost", text, { cause });
    }
  };

  const run = async (
    feeds: Feeds,
    { signal, outputs = description.outputs, move = false }: GraphRunOptions = {},
  ): Promise<Readonly<Record<string, Tensor>>> => {
    signal?.throwIfAborted();
    checkFeeds(feeds, model.graph.inputs);
    await replacing;
    if (failure !== undefined && !disposed) throw failure;
    const used = worker;
    const call = { session: ONLY, outputs, keep: {}, signal };
    const reply = await used.run(feeds, { ...call, move });
    if (reply.kind === "result") {
      placement = reply.placement ?? placement;
      return reply.outputs;
    }
    // Several runs may have been lost with one device; the first of them replaces the worker.
    if (used === worker && replacing === undefined) {
      replacing = replace(reply.reason).finally(() => {
        replacing = undefined;
      });
    }
    await replacing;
    signal?.throwIfAborted();
    if (failure !== undefined && !disposed) throw failure;
    const again = await worker.run(reply.feeds, { ...call, move: true });
    if (again.kind === "result") return again.outputs;
    throw new RuntimeError(
      "device-lost",
      `the GPU device was lost (${reply.reason}), and again when the run was repeated on a new one (${again.reason})`,
    );
  };
  const dispose = async (): Promise<void> => {
    disposed = true;
    worker.terminate();
  };
  return {
    inputs: description.inputs,
    outputs: description.outputs,
    description,
    get placement() {
      return placement;
    },
    graphBytes: graph.byteLength,
    run,
    loseDevice: () => worker.loseDevice(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function loadInto(
  worker: SessionWorker,
  { graph, files, memoryPattern, recordPlacement, signal }: SessionParts,
): Promise<SessionDescription> {
  try {
    const options = { files, memoryPattern, recordPlacement, signal };
    return (await worker.load(graph, options)).description;
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
