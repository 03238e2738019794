// Provenance beside a file whose format has no place for it.

import type { Provenance } from "./result-file.ts";
import type { TemporaryFile, TemporaryFiles } from "./temporary-files.ts";

/** Where the provenance of a result file goes. */
export function sidecarPath(resultPath: string): string {
  return `${resultPath}.json`;
}

/**
 * Completes a result file and gives it its name, with its provenance beside it. Returns the paths of both.
 *
 * @throws CliError when a file cannot be written; the signal's reason.
 */
export async function finishWithSidecar(
  path: string,
  options: {
    readonly target: TemporaryFile;
    readonly provenance: Provenance;
    readonly temporaries: TemporaryFiles;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[]> {
  const { target, provenance, temporaries, signal } = options;
  const beside = sidecarPath(path);
  const sidecar = await temporaries.create();
  await sidecar.append(new TextEncoder().encode(`${JSON.stringify(provenance, null, 2)}\n`));
  await sidecar.close();
  await target.close();
  signal.throwIfAborted();
  await temporaries.rename(sidecar, beside);
  await temporaries.rename(target, path);
  return [path, beside];
}
