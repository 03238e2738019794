// Where a head is downloaded and loaded.

import type { JSX } from "preact";

import { downloadHead, headFileError, loadHead } from "../state/head-files.ts";
import { headInUse } from "../state/teaching.ts";
import { FileButton } from "./file-button.tsx";

/** Two buttons and what went wrong. */
export function HeadFileView(): JSX.Element {
  return (
    <>
      <div class="line">
        <p class="quiet">
          What was learnt is a small safetensors file, named as the published linear probes are.
        </p>
        <div class="buttons">
          <button type="button" disabled={headInUse.value === undefined} onClick={downloadHead}>
            Download what was learnt
          </button>
          <FileButton
            words="Load a file"
            label="What was learnt before"
            accept=".safetensors"
            onFiles={([file]) => void loadHead(file)}
          />
        </div>
      </div>
      {headFileError.value !== undefined && (
        <p class="error" role="alert" data-testid="head-error">
          {headFileError.value}
        </p>
      )}
    </>
  );
}
