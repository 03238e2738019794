// Provenance beside a file whose format has no place for it.

import type { Provenance } from "./result-file.ts";
import type { TemporaryFiles } from "./temporary-files.ts";

/** Where the provenance of a result file goes. */
export function sidecarPath(resultPath: string): string {
  return `${resultPath}.json`;
}

/** Writes the provenance of a result file as JSON and returns the path of that. */
export async function writeSidecar(
  resultPath: string,
  options: { readonly provenance: Provenance; readonly temporaries: TemporaryFiles },
): Promise<string> {
  const { provenance, temporaries } = options;
  const path = sidecarPath(resultPath);
  const file = await temporaries.create();
  await file.append(new TextEncoder().encode(`${JSON.stringify(provenance, null, 2)}\n`));
  await file.close();
  await temporaries.rename(file, path);
  return path;
}
