// A worker that fails as a whole: its script cannot be loaded, or throws where nobody catches.

import { RuntimeError } from "@internvit/model-core";

/** Hears of it as a RuntimeError `worker-lost`; `name` is what messages call the worker. */
export function onWorkerLost(
  worker: Worker,
  { name, hear }: { readonly name: string; readonly hear: (error: RuntimeError) => void },
): void {
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    // What cannot be loaded has no message, whatever its type says.
    const { message = "its script cannot be loaded" } = event as Partial<ErrorEvent>;
    hear(new RuntimeError("worker-lost", `${name} failed: ${message}`));
  });
}
