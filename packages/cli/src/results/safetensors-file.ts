// Results as safetensors. The header comes first and needs the number of rows, which is known last: rows are
// collected in one temporary file per tensor and copied behind the header at the end, each removed once it is
// copied, so that the disk holds the whole and one part more at most.

import { encodeSafetensorsHeader } from "@internvit/model-core";

import type { ResultFile, ResultFileOptions } from "./result-file.ts";
import { createTemporaryFiles } from "./temporary-files.ts";
import { appendRows, movePart, type TensorPart } from "./tensor-part.ts";

/** A `.safetensors` file; provenance is its `__metadata__`, everything but text as JSON. */
export function createSafetensorsFile(path: string, { signal }: ResultFileOptions): ResultFile {
  const temporaries = createTemporaryFiles(path);
  const parts = new Map<string, TensorPart>();
  return {
    async append(rows) {
      for (const [name, tensor] of rows) {
        parts.set(name, await appendRows(parts.get(name), { name, tensor, temporaries }));
      }
    },
    async finish(provenance) {
      const metadata: Record<string, string> = {};
      for (const [key, value] of Object.entries(provenance)) {
        metadata[key] = typeof value === "string" ? value : JSON.stringify(value);
      }
      const { header, entries } = encodeSafetensorsHeader([...parts.values()], { metadata });
      const target = await temporaries.create();
      await target.append(header);
      for (const { name } of entries) {
        const part = parts.get(name);
        if (part !== undefined) await movePart(part, { target, temporaries, signal });
      }
      await target.close();
      signal.throwIfAborted();
      await temporaries.rename(target, path);
      return [path];
    },
    [Symbol.asyncDispose]: () => temporaries[Symbol.asyncDispose](),
  };
}
