// What to do when the hub cannot be asked.

import { HubError, isHubError } from "../errors.ts";
import { formatModelReference, type ModelReference } from "../model-reference.ts";
import type { HubSettings } from "./settings.ts";

const ADVICE =
  "Without the hub there are three ways: copy a Hugging Face cache that has the model to this machine and set HF_HOME to it (HF_HUB_OFFLINE=1 then keeps off the network); give a folder with config.json and model.safetensors instead of the name; or make a model with random weights with `internvit synthesize`. HF_ENDPOINT names another server, HTTPS_PROXY a proxy.";

/** The error for a model that is not in the cache while the network may not be used. */
export function offlineError(reference: ModelReference, settings: HubSettings): HubError {
  const text = `${formatModelReference(reference)} is not complete in ${settings.cacheDirectory}, and HF_HUB_OFFLINE forbids to download it. ${ADVICE}`;
  return new HubError("offline", text);
}

/** The same error with advice where the network failed or access was refused; others as they are. */
export function withAdvice(error: unknown): unknown {
  if (!isHubError(error) || (error.code !== "network" && error.code !== "unauthorized")) {
    return error;
  }
  const { status } = error;
  return new HubError(error.code, `${error.message}. ${ADVICE}`, {
    cause: error,
    ...(status === undefined ? {} : { status }),
  });
}
