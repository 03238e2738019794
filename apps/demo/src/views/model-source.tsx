// Where the weights of another model come from: a published model, a folder of a server, or files of this device.

import type { Signal } from "@preact/signals";
import type { JSX } from "preact";

import { type ModelSource, PUBLISHED_MODELS, type PublishedModel } from "../model/choices.ts";
import { kept } from "../state/kept.ts";
import { formatBytes } from "./words.ts";

/** What was entered. */
export interface EnteredSource {
  /** Name of a published model, or one of the kinds below. */
  readonly wanted: string;
  readonly files: ReadonlyMap<string, Blob>;
  readonly url: string;
}

const RANDOM = "random";
const FOLDER = "folder";
const FILES = "files";

/** Before anything was entered. */
export const NOTHING_ENTERED: EnteredSource = { wanted: RANDOM, files: new Map(), url: "" };

/** The source that was entered, or undefined while something is missing. */
export function sourceOf({ wanted, files, url }: EnteredSource): ModelSource | undefined {
  if (wanted === RANDOM) return { kind: "random" };
  if (wanted === FILES) return files.size === 0 ? undefined : { kind: "files", files };
  if (wanted !== FOLDER) return { kind: "published", name: wanted };
  return /^https?:/.test(url) && URL.canParse(url) ? { kind: "folder", url } : undefined;
}

/** The fields. */
export function ModelSourceFields({
  entered,
}: {
  readonly entered: Signal<EnteredSource>;
}): JSX.Element {
  const { wanted, url } = entered.value;
  const enter = (changed: Partial<EnteredSource>): void => {
    entered.value = { ...entered.value, ...changed };
  };
  return (
    <>
      <label class="field">
        <span>Model</span>
        <select value={wanted} onChange={(event) => enter({ wanted: event.currentTarget.value })}>
          <option value={RANDOM}>Small, random weights (nothing to download)</option>
          <Published label="Encoders" models={PUBLISHED_MODELS.filter(({ isPart }) => !isPart)} />
          <Published
            label="Encoders of chat models"
            models={PUBLISHED_MODELS.filter(({ isPart }) => isPart)}
          />
          <option value={FOLDER}>A folder on a server …</option>
          <option value={FILES}>Files on this device …</option>
        </select>
      </label>
      {wanted === FOLDER && (
        <label class="field">
          <span>Address of the folder</span>
          <input
            type="text"
            inputMode="url"
            autocomplete="off"
            placeholder="https://example.org/model"
            value={url}
            onInput={(event) => enter({ url: event.currentTarget.value.trim() })}
          />
        </label>
      )}
      {wanted === FILES && (
        <label class="field">
          <span>config.json and model.safetensors</span>
          <input
            type="file"
            multiple
            accept=".json,.safetensors"
            onChange={({ currentTarget }) => {
              const picked = [...(currentTarget.files ?? [])];
              enter({ files: new Map(picked.map((file) => [file.name, file])) });
            }}
          />
        </label>
      )}
    </>
  );
}

function Published(props: {
  readonly label: string;
  readonly models: readonly PublishedModel[];
}): JSX.Element {
  return (
    <optgroup label={props.label}>
      {props.models.map((model) => (
        <option key={model.name} value={model.name} disabled={!model.fits}>
          {model.name} ({wordsFor(model)})
        </option>
      ))}
    </optgroup>
  );
}

function wordsFor({ address, downloadBytes, fits }: PublishedModel): string {
  const stored = kept.value.filter((weights) => weights.address === address);
  if (stored.some(({ complete }) => complete)) return "kept";
  const size = formatBytes(downloadBytes);
  if (stored.length > 0) return `${size}, begun`;
  return fits ? size : `${size}, too large for a page`;
}
