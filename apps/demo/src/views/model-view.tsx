// The model in use, what it runs on, and how another one is chosen.

import type { EncoderInfo } from "@internvit/model-core";
import type { ComponentChildren, JSX } from "preact";

import { nameOfSource, RANDOM_CHOICE } from "../model/choices.ts";
import { PROVIDER_WORDS, plainNote } from "../model/plain-words.ts";
import {
  cancelOpening,
  deviceIncident,
  model,
  modelInfo,
  opening,
  openingError,
} from "../state/model.ts";
import { KeptView } from "./kept-view.tsx";
import { ModelForm } from "./model-form.tsx";
import { formatBytes, formatMilliseconds, formatWeights } from "./words.ts";

/** The part of the page. */
export function ModelView(): JSX.Element {
  return (
    <section class="panel" id="model" aria-labelledby="model-title">
      <h2 id="model-title">Model</h2>
      <InUse />
      <Progress />
      {openingError.value !== undefined && (
        <p class="error" role="alert" data-testid="model-error">
          {openingError.value}
          {model.value !== undefined && ` ${model.value.name} stays in use.`}
        </p>
      )}
      {deviceIncident.value !== undefined && <p class="error">{deviceIncident.value}</p>}
      <ModelForm />
      <KeptView />
    </section>
  );
}

const PROVIDERS: Readonly<Record<string, string>> = {
  ...PROVIDER_WORDS,
  // As ONNX Runtime calls them.
  CPUExecutionProvider: "CPU",
  WebGpuExecutionProvider: "WebGPU",
};

/** The model that the page brings along. */
const EMBEDDED = nameOfSource(RANDOM_CHOICE.source);

function InUse(): JSX.Element {
  const used = model.value;
  const info = modelInfo.value;
  const name = used?.name ?? opening.value?.name;
  // The first model is the random one: its place is kept until it is there.
  const isRandom =
    info === undefined ? opening.value !== undefined : info.synthesized !== undefined;
  return (
    <>
      <p class="model-name">{name ?? "None"}</p>
      {isRandom && (
        <p class="badge" data-testid="random">
          Random weights: this network has learned nothing.
          {name === EMBEDDED && " It needs no network connection."}
        </p>
      )}
      <dl class="facts">
        <Fact label="Runs on" id="provider">
          {info && (PROVIDERS[info.executionProvider] ?? info.executionProvider)}
        </Fact>
        {info?.executionProvider === "webgpu" ? (
          <Fact label="Device">{info.device}</Fact>
        ) : (
          <Fact label="Threads" id="threads">
            {info?.threads}
          </Fact>
        )}
        <Fact label="Numbers">{info?.dtype}</Fact>
        <Fact label="Weights">{used && formatWeights(used.parameters)}</Fact>
        <Fact label="Input">{used && `${used.inputSize.width} × ${used.inputSize.height}`}</Fact>
        {info?.placement !== undefined && (
          <Fact label="Steps of the network" id="placement">
            {placementWords(info.placement)}
          </Fact>
        )}
        <Fact label="Ready after">{used && formatMilliseconds(used.openMilliseconds)}</Fact>
      </dl>
      <ul class="remarks quiet" data-testid="remarks">
        {info && remarksOn(info).map((remark) => <li key={remark}>{remark}</li>)}
      </ul>
    </>
  );
}

/** Where the graph's nodes are computed. */
function placementWords(placement: Readonly<Record<string, number>>): string {
  return Object.entries(placement)
    .map(([provider, count]) => `${count} on ${PROVIDERS[provider] ?? provider}`)
    .join(", ");
}

/** One fact; a dash before it is known. */
function Fact(props: {
  readonly label: string;
  readonly id?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { label, id, children } = props;
  return (
    <div>
      <dt>{label}</dt>
      <dd data-testid={children === undefined ? undefined : id}>{children ?? "–"}</dd>
    </div>
  );
}

function remarksOn({ passedOver = [], notes = [] }: EncoderInfo): readonly string[] {
  return [
    ...passedOver.map(
      ({ provider, reason }) => `${PROVIDERS[provider] ?? provider} is not used: ${reason}.`,
    ),
    ...notes.map(plainNote),
  ];
}

function Progress(): JSX.Element | null {
  const way = opening.value;
  if (way === undefined) return null;
  const { step, done, total } = way.progress;
  const counted = done !== undefined && total !== undefined;
  return (
    <div class="progress" data-testid="progress">
      <label>
        <span>
          {way.name}: {step}
          {counted && ` ${formatBytes(done)} of ${formatBytes(total)}`}
        </span>
        <progress {...(counted ? { value: Math.min(done, total), max: total } : {})} />
      </label>
      <button type="button" onClick={cancelOpening}>
        Cancel
      </button>
    </div>
  );
}
