// How alike all patches are to the picked one, in its own picture and in a second one.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { drawPicture, drawSquares } from "../drawing/draw-patches.ts";
import { HEAT_GRADIENT, heatImage } from "../drawing/heat-scale.ts";
import type { Surface } from "../drawing/surface.ts";
import {
  compareWith,
  currentPicture,
  otherPicture,
  type Picture,
  pictures,
  readyPictures,
} from "../state/pictures.ts";
import { describePatch, selectedPatch, similarities } from "../state/selection.ts";
import { Missing, Panel } from "./panel.tsx";
import { PatchCanvas } from "./patch-canvas.tsx";

const UNDER_PICTURE = 0.62;

/** The part of the page. */
export function SimilarityView(): JSX.Element {
  const current = currentPicture.value;
  const isOverPicture = useSignal(false);
  return (
    <Panel
      id="similarity"
      title="What is alike"
      explanation="Pick a patch in any picture: the lighter another patch, the smaller the angle between its features and those of the picked one (cosine similarity)."
    >
      {current?.features === undefined ? (
        <div class="pair">
          <Missing caption="The picture">Choose a picture, then pick one of its patches.</Missing>
          <Missing caption="A second picture" />
        </div>
      ) : (
        <div class="pair">
          <Heat picture={current} which="current" isOverPicture={isOverPicture.value} />
          <Second isOverPicture={isOverPicture.value} />
        </div>
      )}
      <div class="line">
        <Legend />
        <label class="check">
          <input
            type="checkbox"
            checked={isOverPicture.value}
            onChange={(event) => (isOverPicture.value = event.currentTarget.checked)}
          />
          Over the picture
        </label>
      </div>
    </Panel>
  );
}

function Heat(props: {
  readonly picture: Picture;
  readonly which: "current" | "other";
  readonly isOverPicture: boolean;
}): JSX.Element {
  const { picture, which, isOverPicture } = props;
  const { features, prepared } = picture;
  const draw = (surface: Surface): void => {
    const found = similarities.value;
    const values = found?.[which];
    if (prepared === undefined || features === undefined) return;
    const picture = prepared.cropBitmap;
    if (found === undefined || values === undefined) return drawPicture(surface, { picture });
    if (isOverPicture) drawPicture(surface, { picture, isGray: true });
    const { gridWidth: width, gridHeight: height } = features.patches;
    const image = heatImage(values, { width, height, low: found.low, high: found.high });
    drawSquares(surface, { image, opacity: isOverPicture ? UNDER_PICTURE : 1 });
  };
  const describe = (patch: number): string => {
    const value = similarities.peek()?.[which]?.[patch];
    return value === undefined ? "" : `, similarity ${value.toFixed(3)}`;
  };
  return (
    <figure data-testid={`heat-${which}`}>
      <PatchCanvas picture={picture} label="Similarity" draw={draw} describe={describe} />
      <figcaption>{picture.name}</figcaption>
    </figure>
  );
}

function Second({ isOverPicture }: { readonly isOverPicture: boolean }): JSX.Element {
  const other = otherPicture.value;
  if (other === undefined) {
    return (
      <Missing caption="A second picture">
        Add a second picture to look for the patch there, too.
      </Missing>
    );
  }
  const others = readyPictures.value.filter(({ id }) => id !== currentPicture.value?.id);
  return (
    <div class="second">
      <Heat picture={other} which="other" isOverPicture={isOverPicture} />
      <label>
        <span class="visually-hidden">Second picture</span>
        <select
          value={other.id}
          onChange={(event) => compareWith(Number(event.currentTarget.value))}
        >
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Legend(): JSX.Element {
  const found = similarities.value;
  const place = selectedPatch.value;
  const picture = pictures.value.find(({ id }) => id === place?.pictureId);
  return (
    <div class="legend">
      <span class="number" data-testid="similarity-low">
        {found === undefined ? "low" : found.low.toFixed(3)}
      </span>
      <span class="ramp" style={{ backgroundImage: HEAT_GRADIENT }} />
      <span class="number" data-testid="similarity-high">
        {found === undefined ? "high" : found.high.toFixed(3)}
      </span>
      <p class="quiet" data-testid="picked">
        {place === undefined || picture?.features === undefined
          ? "No patch is picked."
          : `Picked: ${describePatch(place.patch, picture.features.patches.gridWidth)} of ${picture.name}`}
      </p>
    </div>
  );
}
