// Where a head is downloaded and loaded.

import type { JSX, TargetedEvent } from "preact";
import { useRef } from "preact/hooks";

import { downloadHead, headFileError, loadHead } from "../state/head-files.ts";
import { headInUse } from "../state/teaching.ts";

/** Two buttons and what went wrong. */
export function HeadFileView(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
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
          <button type="button" onClick={() => input.current?.click()}>
            Load a file
          </button>
        </div>
        <input
          ref={input}
          type="file"
          accept=".safetensors"
          hidden
          aria-label="What was learnt before"
          onChange={loadChosen}
        />
      </div>
      {headFileError.value !== undefined && (
        <p class="error" role="alert" data-testid="head-error">
          {headFileError.value}
        </p>
      )}
    </>
  );
}

function loadChosen({ currentTarget }: TargetedEvent<HTMLInputElement>): void {
  const file = currentTarget.files?.[0];
  if (file !== undefined) void loadHead(file);
  // The same file may be chosen again.
  currentTarget.value = "";
}
