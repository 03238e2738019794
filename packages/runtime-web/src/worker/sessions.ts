// The sessions of a worker and the tensors that it holds. What a lost GPU device means for them is settled here: a run
// tells it as its result, so that it can be repeated elsewhere; held tensors are gone, and whoever asks for them is told.

import { type Placement, RuntimeError } from "@internvit/model-core";
import {
  countNodes,
  createHeldValues,
  type HeldValues,
  type RunRequest,
  type SessionDescription,
} from "@internvit/model-core/session";
import * as ort from "onnxruntime-web/webgpu";

import { createDeviceCopies } from "./device-copies.ts";
import { freeBuffer } from "./free-buffer.ts";
import type { OwnedDevice } from "./gpu-device.ts";
import { openLazyFiles } from "./lazy-bytes.ts";
import type { Printed } from "./profile.ts";
import type { WebRunResult, WorkerRequest } from "./protocol.ts";
import { fromRuntime, toRuntime } from "./tensors.ts";

type LoadRequest = Extract<WorkerRequest, { readonly kind: "load" }>;

/** As ONNX Runtime takes them. */
export type Providers = NonNullable<ort.InferenceSession.SessionOptions["executionProviders"]>;

/** What sessions need of the worker. */
export interface SessionsSetup {
  readonly providers: Providers;
  /** With WebGPU. */
  readonly owned: OwnedDevice | undefined;
  readonly printed: Printed;
}

/** Sessions by number, and held tensors. */
export interface Sessions extends Pick<HeldValues<ort.Tensor>, "hold" | "read" | "release"> {
  /** @param folder where the weights are in OPFS, when they are there */
  load(request: LoadRequest, folder: string | undefined): Promise<SessionDescription>;
  /** Undefined when the device was lost before the results were there. */
  run(request: RunRequest): Promise<Omit<WebRunResult, "kind" | "id"> | undefined>;
  unload(session: number): Promise<void>;
}

interface Loaded {
  readonly session: ort.InferenceSession;
  /** Whether its results lie where they were to lie when it was made; then ONNX Runtime computes all of them. */
  readonly placesResults: boolean;
  readonly reload: () => Promise<unknown>;
}

/** No sessions yet. */
export function createSessions({ providers, owned, printed }: SessionsSetup): Sessions {
  const loaded = new Map<number, Loaded>();
  const device = owned && createDeviceCopies(owned.device);
  const held = createHeldValues<ort.Tensor>({ toRuntime, fromRuntime, device, freeBuffer });
  /** A session whose first run is to tell its placement. */
  let profiling: ort.InferenceSession | undefined;

  const load = async (
    request: LoadRequest,
    folder: string | undefined,
  ): Promise<SessionDescription> => {
    const begin = performance.now();
    const lazy = await openLazyFiles(request.files, folder);
    const { keep, recordPlacement } = request;
    const placesResults = owned !== undefined && keep.length > 0;
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(request.graph, {
        executionProviders: providers,
        graphOptimizationLevel: "all",
        logSeverityLevel: 3,
        externalData: lazy.externalData,
        enableProfiling: recordPlacement,
        enableMemPattern: request.memoryPattern,
        ...(placesResults && {
          preferredOutputLocation: Object.fromEntries(
            keep.map((name) => [name, "gpu-buffer" as const]),
          ),
        }),
      });
    } finally {
      lazy.close();
    }
    const reload = () => load({ ...request, recordPlacement: false }, folder);
    loaded.set(request.session, { session, placesResults, reload });
    if (recordPlacement) profiling = session;
    return {
      inputs: session.inputNames,
      outputs: session.outputNames,
      onnxruntimeVersion: ort.env.versions.web ?? ort.env.versions.common,
      loadMilliseconds: performance.now() - begin,
    };
  };

  /** After the first run of a session that records it. */
  const readPlacement = (): Placement | undefined => {
    if (profiling === undefined) return undefined;
    printed.keep();
    profiling.endProfiling();
    profiling = undefined;
    return countNodes(printed.take());
  };

  return {
    load,
    async run(request) {
      const found = loaded.get(request.session);
      if (found === undefined) throw new Error(`no session ${request.session} is loaded`);
      const { session, placesResults, reload } = found;
      if (owned?.lost !== undefined) return undefined;
      const unknown = request.outputs.find((name) => !session.outputNames.includes(name));
      if (unknown !== undefined) throw new Error(`the graph has no output ${unknown}`);
      const running = session.run(
        held.feeds(request.feeds),
        placesResults ? session.outputNames : request.outputs,
      );
      try {
        const results = await (owned === undefined
          ? running
          : Promise.race([running, owned.whenLost.then(() => undefined)]));
        if (results !== undefined) {
          return { ...held.sort(results, request), placement: readPlacement() };
        }
        // The run may still fail; what it says is known already.
        running.catch(() => undefined);
        return undefined;
      } catch (error) {
        // A run can fail a moment before the browser says that the device is gone.
        if (await isLostSoon(owned)) return undefined;
        // ONNX Runtime 1.30 would give the feeds of the run that failed to the next one too, without a word.
        if (placesResults) await reload();
        throw error;
      }
    },
    async unload(number) {
      const found = loaded.get(number);
      // ONNX Runtime frees a buffer of a device through the session that made it, which must be there then.
      if (found === undefined || found.placesResults) return;
      loaded.delete(number);
      await found.session.release();
    },
    async hold(tensors) {
      // A device that is gone takes what is written to it without an error.
      if (owned?.lost !== undefined) throw deviceLost(owned.lost);
      await held.hold(tensors);
    },
    async read(numbers) {
      try {
        return await held.read(numbers);
      } catch (error) {
        throw (await isLostSoon(owned)) ? deviceLost(owned?.lost) : error;
      }
    },
    release: held.release,
  };
}

const GRACE_MILLISECONDS = 250;

async function isLostSoon(owned: OwnedDevice | undefined): Promise<boolean> {
  if (owned === undefined) return false;
  const waited = new Promise<false>((resolve) => {
    setTimeout(() => resolve(false), GRACE_MILLISECONDS);
  });
  return Promise.race([owned.whenLost.then(() => true), waited]);
}

function deviceLost(reason: string | undefined): RuntimeError {
  return new RuntimeError("device-lost", `the GPU device was lost (${reason})`);
}
