// Which execution provider an encoder gets. A named one is used or refused with the reason; `auto` takes the first that
// gives right numbers and tells why others were passed over.

import { attentionNote, PROBE_TOLERANCE } from "@internvit/model-core";

import { SOFTWARE_NOTE } from "./capabilities.ts";
import { isRuntimeError, RuntimeError } from "./errors.ts";
import { type SessionWorker, startSessionWorker } from "./session-worker.ts";
import { NOT_ISOLATED } from "./wasm-threads.ts";
import type { StartSettings, WebProvider } from "./worker/protocol.ts";

/** A provider that `auto` did not take. */
export interface PassedOver {
  readonly provider: WebProvider;
  readonly reason: string;
}

/** A started worker whose provider computes what it should. */
export interface SelectedWorker {
  readonly worker: SessionWorker;
  readonly settings: StartSettings;
  /** Name of the adapter, or of the browser's processor count. */
  readonly device: string;
  /** Whether the fused attention gives right numbers there. */
  readonly fusedAttention: boolean;
  readonly notes: readonly string[];
  readonly passedOver: readonly PassedOver[];
}

type SelectOptions = Omit<StartSettings, "provider" | "probe"> & {
  readonly signal: AbortSignal | undefined;
};

/**
 * Starts a worker on the wanted provider.
 *
 * @throws RuntimeError `unsupported` when a named one cannot be used; the signal's reason when it aborts.
 */
export async function selectWorker(
  wanted: WebProvider | "auto",
  options: SelectOptions,
): Promise<SelectedWorker> {
  if (wanted !== "auto") return tryProvider(wanted, options);
  try {
    const selected = await tryProvider("webgpu", options);
    if (selected.worker.provider.adapter?.software !== true) return selected;
    selected.worker.terminate();
    return { ...(await tryProvider("wasm", options)), passedOver: passed(SOFTWARE_NOTE) };
  } catch (error) {
    if (!isRuntimeError(error)) throw error;
    return { ...(await tryProvider("wasm", options)), passedOver: passed(error.message) };
  }
}

function passed(reason: string): readonly PassedOver[] {
  return [{ provider: "webgpu", reason }];
}

async function tryProvider(
  provider: WebProvider,
  { signal, ...rest }: SelectOptions,
): Promise<SelectedWorker> {
  const settings: StartSettings = { ...rest, provider, probe: provider === "webgpu" };
  const worker = await startSessionWorker(settings, { signal });
  const processors = `WebAssembly on ${navigator.hardwareConcurrency} processors`;
  if (provider === "wasm") {
    const notes = crossOriginIsolated ? [] : [`one thread: ${NOT_ISOLATED}`];
    return { worker, settings, device: processors, fusedAttention: true, notes, passedOver: [] };
  }
  const { adapter, probe } = worker.provider;
  const { error, attentionError } = probe;
  if (error === undefined || error > PROBE_TOLERANCE) {
    worker.terminate();
    const what =
      error === undefined
        ? "ONNX Runtime refuses a small graph"
        : `its numbers differ from WebAssembly's by ${error.toExponential(1)} of the largest; at most ${PROBE_TOLERANCE.toExponential(0)} is right`;
    throw new RuntimeError(
      "unsupported",
      `the execution provider webgpu cannot be used on ${adapter?.name ?? "this adapter"}: ${what}`,
    );
  }
  const fusedAttention = (attentionError ?? Infinity) <= PROBE_TOLERANCE;
  const notes = [
    ...(adapter?.software === true ? [SOFTWARE_NOTE] : []),
    ...(fusedAttention ? [] : [attentionNote(attentionError)]),
  ];
  return {
    worker,
    settings,
    device: adapter?.name ?? "unnamed GPU",
    fusedAttention,
    notes,
    passedOver: [],
  };
}
