// How another model is chosen: a published one, with the size of its download, or files that are on this device.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import {
  type ModelChoice,
  type ModelSource,
  PUBLISHED_MODELS,
  type PublishedModel,
  RANDOM_CHOICE,
} from "../model/choices.ts";
import { openModel, opening } from "../state/model.ts";
import { formatBytes } from "./words.ts";

const RANDOM = "random";
const FILES = "files";

/** The form, folded away. */
export function ModelForm(): JSX.Element {
  const wanted = useSignal<string>(RANDOM);
  const files = useSignal<ReadonlyMap<string, Blob>>(new Map());
  const provider = useSignal(RANDOM_CHOICE.executionProvider);
  const dtype = useSignal(RANDOM_CHOICE.dtype);
  const source = sourceOf(wanted.value, files.value);

  const submit = (event: Event): void => {
    event.preventDefault();
    if (source === undefined) return;
    void openModel({ source, executionProvider: provider.value, dtype: dtype.value });
  };
  return (
    <details class="model-form">
      <summary>Use another model</summary>
      <form onSubmit={submit}>
        <label class="field">
          <span>Model</span>
          <select
            value={wanted.value}
            onChange={(event) => (wanted.value = event.currentTarget.value)}
          >
            <option value={RANDOM}>Small, random weights (nothing to download)</option>
            <Published label="Encoders" models={PUBLISHED_MODELS.filter(({ isPart }) => !isPart)} />
            <Published
              label="Encoders of chat models"
              models={PUBLISHED_MODELS.filter(({ isPart }) => isPart)}
            />
            <option value={FILES}>Files on this device …</option>
          </select>
        </label>
        {wanted.value === FILES && (
          <label class="field">
            <span>config.json and model.safetensors</span>
            <input
              type="file"
              multiple
              accept=".json,.safetensors"
              onChange={({ currentTarget }) => {
                const picked = [...(currentTarget.files ?? [])];
                files.value = new Map(picked.map((file) => [file.name, file]));
              }}
            />
          </label>
        )}
        <div class="fields">
          <Select
            label="Runs on"
            value={provider}
            options={{ auto: "What is best", webgpu: "WebGPU", wasm: "WebAssembly" }}
          />
          <Select
            label="Numbers"
            value={dtype}
            options={{
              auto: "What is best",
              f32: "float32",
              f16: "float16 (WebGPU)",
              q8: "8 bits",
              "q8-dynamic": "8 bits, also of what is computed (WebAssembly)",
              q4: "4 bits",
            }}
          />
        </div>
        <div class="line">
          <p class="quiet">{hintFor(wanted.value)}</p>
          <button type="submit" class="primary" disabled={source === undefined || isOpening()}>
            {labelFor(wanted.value)}
          </button>
        </div>
      </form>
    </details>
  );
}

function isOpening(): boolean {
  return opening.value !== undefined;
}

function Published(props: {
  readonly label: string;
  readonly models: readonly PublishedModel[];
}): JSX.Element {
  return (
    <optgroup label={props.label}>
      {props.models.map(({ name, downloadBytes, fits }) => (
        <option key={name} value={name} disabled={!fits}>
          {name} ({formatBytes(downloadBytes)}
          {fits ? "" : ", too large for a page"})
        </option>
      ))}
    </optgroup>
  );
}

function Select<Value extends string>(props: {
  readonly label: string;
  readonly value: { value: Value };
  readonly options: Readonly<Record<Value, string>>;
}): JSX.Element {
  const { label, value, options } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value.value}
        onChange={(event) => (value.value = event.currentTarget.value as Value)}
      >
        {Object.entries<string>(options).map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function sourceOf(
  wanted: string,
  files: ReadonlyMap<string, Blob>,
): ModelChoice["source"] | undefined {
  if (wanted === RANDOM) return { kind: "random" };
  if (wanted === FILES) return files.size === 0 ? undefined : { kind: "files", files };
  return { kind: "published", name: wanted } satisfies ModelSource;
}

function downloadOf(wanted: string): number | undefined {
  return PUBLISHED_MODELS.find(({ name }) => name === wanted)?.downloadBytes;
}

function hintFor(wanted: string): string {
  if (wanted === RANDOM) return "Made in this page from a fixed seed.";
  if (wanted === FILES) return "They stay on this device.";
  return "From huggingface.co. Your pictures stay on this device.";
}

function labelFor(wanted: string): string {
  const bytes = downloadOf(wanted);
  return bytes === undefined ? "Use it" : `Download ${formatBytes(bytes)}`;
}
