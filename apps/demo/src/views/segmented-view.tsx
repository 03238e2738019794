// A head, what it finds in the picture that is looked at, and how that is going. Loaded with the first head.

import type { JSX } from "preact";

import { currentPicture } from "../state/pictures.ts";
import {
  chooseHead,
  doubt,
  downloadLabels,
  headError,
  headFile,
  opacity,
  segmentAgain,
  segmentAsTheyCome,
  segmenting,
  shownSegments,
  stopSegmenting,
  unfit,
} from "../state/segmentation.ts";
import { Failure } from "./failure.tsx";
import { HeadFactsView } from "./head-facts-view.tsx";
import { Empty } from "./panel.tsx";
import { SegmentedPictureView } from "./segmented-picture-view.tsx";
import { plural } from "./words.ts";

let isWatching = false;

/** Uses the head in a file. */
export async function useHead(file: File): Promise<void> {
  if (!isWatching) segmentAsTheyCome();
  isWatching = true;
  await chooseHead(file);
}

/** What is below the place where a head is loaded. */
export function SegmentedView(): JSX.Element {
  const head = headFile.value;
  return (
    <>
      {headError.value !== undefined && (
        <p class="error" role="alert" data-testid="segment-error">
          {headError.value}
        </p>
      )}
      {head !== undefined && <HeadFactsView head={head} />}
      {unfit.value !== undefined && (
        <p class="error" role="alert" data-testid="unfit">
          {unfit.value}
        </p>
      )}
      {doubt.value !== undefined && <p class="quiet head-doubt">{doubt.value}</p>}
      {head !== undefined && unfit.value === undefined && <Shown classes={head.facts.classes} />}
    </>
  );
}

function Shown({ classes }: { readonly classes: readonly string[] }): JSX.Element {
  const picture = currentPicture.value;
  if (picture === undefined) return <Empty>Choose a picture to be segmented.</Empty>;
  const { name, prepared, status } = picture;
  if (prepared === undefined) {
    return (
      <Empty>
        {status === "failed"
          ? `${name} cannot be used; the list of pictures says why.`
          : `Decoding ${name} …`}
      </Empty>
    );
  }
  const segments = shownSegments.value;
  return (
    <>
      <SegmentedPictureView
        // What is pointed at belongs to one picture.
        key={picture.id}
        preview={prepared.preview}
        name={name}
        segments={segments}
        classes={classes}
      />
      <div class="line">
        <Step />
        <label class="slider">
          <span>
            Colours <output class="number">{Math.round(100 * opacity.value)}</output> %
          </span>
          <input
            type="range"
            min={0}
            max={100}
            value={100 * opacity.value}
            aria-label="Strength of the colours"
            aria-valuetext={`${Math.round(100 * opacity.value)} %`}
            onInput={(event) => (opacity.value = Number(event.currentTarget.value) / 100)}
          />
        </label>
        <button type="button" disabled={segments === undefined} onClick={downloadLabels}>
          Download the labels
        </button>
      </div>
    </>
  );
}

function Step(): JSX.Element {
  const now = segmenting.value;
  return (
    <div class="segmenting quiet" data-testid="segmenting" data-step={now.step}>
      {now.step === "opening" && <Working words="Opening encoder and head …" />}
      {now.step === "segmenting" && (
        <Working
          words={
            now.windows === 0 ? "Segmenting …" : `Segmenting … ${plural(now.windows, "window")}`
          }
        />
      )}
      {now.step === "stopped" && (
        <button type="button" onClick={segmentAgain}>
          Segment this picture
        </button>
      )}
      {now.step === "failed" && (
        <Failure onAgain={segmentAgain}>It could not be segmented: {now.message}</Failure>
      )}
    </div>
  );
}

function Working({ words }: { readonly words: string }): JSX.Element {
  return (
    <>
      <label>
        <span class="number">{words}</span>
        <progress />
      </label>
      <button type="button" onClick={stopSegmenting}>
        Stop
      </button>
    </>
  );
}
