// Which execution provider an encoder gets. A named one is used or refused with the reason; `auto` takes the first that
// gives right numbers and tells why others were passed over.

import { attentionNote, PROBE_TOLERANCE } from "@internvit/model-core/session";

import { capabilities, SOFTWARE_NOTE } from "./capabilities.ts";
import { type CrashMark, hasCrashed, leaveCrashMark, NO_MARK } from "./crash-mark.ts";
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
  /** To be removed when the first run is done or nothing becomes of the session. */
  readonly crashMark: CrashMark;
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
  const found = await tryGpu(options);
  if (typeof found !== "string") return found;
  const passedOver = [{ provider: "webgpu", reason: found }] as const;
  return { ...(await tryProvider("wasm", options)), passedOver };
}

const CRASH_NOTE =
  'a page ended while it started a session on WebGPU, less than a day ago; executionProvider: "webgpu" tries it again';

/** WebGPU on a GPU, or why not. */
async function tryGpu(options: SelectOptions): Promise<SelectedWorker | string> {
  // The page's adapter is the worker's: no worker has to start to learn that there is none.
  const { adapter, notes } = (await capabilities()).webgpu;
  if (adapter === undefined) return notes.join("; ");
  if (adapter.software) return SOFTWARE_NOTE;
  if (await hasCrashed()) return CRASH_NOTE;
  try {
    return await tryProvider("webgpu", options);
  } catch (error) {
    if (isRuntimeError(error)) return error.message;
    throw error;
  }
}

async function tryProvider(
  provider: WebProvider,
  { signal, ...rest }: SelectOptions,
): Promise<SelectedWorker> {
  const settings: StartSettings = { ...rest, provider, probe: provider === "webgpu" };
  if (provider === "webgpu") {
    const crashMark = leaveCrashMark();
    try {
      const worker = await startSessionWorker(settings, { signal });
      return { ...checkGpu(worker), settings, crashMark };
    } catch (error) {
      crashMark.remove();
      throw error;
    }
  }
  return {
    worker: await startSessionWorker(settings, { signal }),
    settings,
    device: `WebAssembly on ${navigator.hardwareConcurrency} processors`,
    fusedAttention: true,
    notes: crossOriginIsolated ? [] : [`one thread: ${NOT_ISOLATED}`],
    passedOver: [],
    crashMark: NO_MARK,
  };
}

function checkGpu(worker: SessionWorker): Omit<SelectedWorker, "settings" | "crashMark"> {
  const { adapter, probe } = worker.provider;
  const { error, attentionError } = probe ?? {};
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
    device: adapter?.name ?? "unnamed GPU",
    fusedAttention,
    notes,
    passedOver: [],
  };
}
