// A checkpoint on a server that misbehaves on demand (scripts/browser/fault-server.mjs), and the parts of an encoder's
// start that the store is about.

import { type HubFetch, type HubOptions, urlDirectory } from "@internvit/hub";
import { parseEncoderConfig } from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";
import {
  createVisionEncoder,
  openWeightStore,
  type VisionEncoderOptions,
  type WeightProgress,
} from "@internvit/runtime-web";

/** What the server does wrong from now on. */
export interface Fault {
  /** Breaks every connection. */
  readonly offline?: boolean;
  /** Breaks the connection when so many bytes of files were sent. */
  readonly breakAfter?: number;
  /** Sends no ETag. */
  readonly anonymous?: boolean;
}

/** A folder of the server. */
export interface FaultySite {
  readonly directory: (options?: HubOptions) => ReturnType<typeof urlDirectory>;
  /** Also sets the counts to 0. */
  setFault(fault: Fault): Promise<void>;
  /** Bytes of files that were sent, and requests for files, since the last `setFault`. */
  counts(): Promise<{ readonly sent: number; readonly requests: number }>;
  /** Other weights at the same address. */
  replace(seed: number): Promise<void>;
}

/** Three layers of 384 channels in float32: 22 MB, some chunks of the store. */
const CONFIG = {
  architectures: ["InternVisionModel"],
  model_type: "intern_vit_6b",
  hidden_size: 384,
  num_attention_heads: 6,
  intermediate_size: 1536,
  num_hidden_layers: 3,
  image_size: 112,
  patch_size: 14,
  num_channels: 3,
  hidden_act: "gelu",
  norm_type: "layer_norm",
  qkv_bias: true,
  qk_normalization: false,
  layer_norm_eps: 1e-6,
};

/** Puts a checkpoint on the server, under a name of its own. */
export async function faultySite(name: string): Promise<FaultySite> {
  const address = `/faults/${name}-${crypto.randomUUID()}`;
  const { config } = parseEncoderConfig(CONFIG, {});
  const replace = async (seed: number): Promise<void> => {
    for (const file of synthesizeCheckpoint(config, { seed, dtype: "float32" }).files) {
      await fetch(`${address}/${file.name}`, { method: "PUT", body: new Blob([...file.chunks]) });
    }
  };
  await replace(1);
  return {
    // Every visit makes its own; a broken connection is not tried again.
    directory: (options) => urlDirectory(location.origin + address, { retries: 0, ...options }),
    async setFault(fault) {
      await fetch(address, { method: "POST", body: JSON.stringify(fault) });
    },
    counts: async () => (await fetch(address)).json() as ReturnType<FaultySite["counts"]>,
    replace,
  };
}

/** What a start up to the session was. */
export interface Start {
  /** The phases, each once. */
  readonly phases: readonly WeightProgress["phase"][];
  readonly last: WeightProgress | undefined;
}

const AT_SESSION = new Error("the weights are there");

/** Starts an encoder until its weights are there; ONNX Runtime is not loaded. Rejects as `createVisionEncoder`. */
export async function fetchWeights(
  site: FaultySite,
  options: VisionEncoderOptions & { readonly fetch?: HubFetch } = {},
): Promise<Start> {
  const phases = new Set<WeightProgress["phase"]>();
  let last: WeightProgress | undefined;
  const controller = new AbortController();
  const { signal = controller.signal, onProgress, fetch } = options;
  try {
    const encoder = await createVisionEncoder(site.directory(fetch && { fetch }), {
      executionProvider: "wasm",
      ...options,
      signal: AbortSignal.any([signal, controller.signal]),
      onProgress(progress) {
        phases.add(progress.phase);
        onProgress?.(progress);
        if (progress.phase === "session") controller.abort(AT_SESSION);
        else last = progress;
      },
    });
    await encoder.dispose();
    throw new Error("the session was made");
  } catch (error) {
    if (error !== AT_SESSION) throw error;
  }
  return { phases: [...phases], last };
}

/** Removes all weights of this origin. */
export async function emptyStore(): Promise<void> {
  const store = await openWeightStore();
  for (const { key } of await store.list()) await store.remove(key);
}

/** A file of the store in OPFS, to be damaged. */
export async function storedFile(name: string): Promise<FileSystemFileHandle> {
  const [stored] = await (await openWeightStore()).list();
  let folder = await navigator.storage.getDirectory();
  for (const part of ["internvit", "weights", stored?.key ?? ""]) {
    folder = await folder.getDirectoryHandle(part);
  }
  return folder.getFileHandle(name);
}
