// Patch features as colours, beside the picture that they are of.

import type { JSX } from "preact";

import { drawPicture, drawSquares } from "../drawing/draw-patches.ts";
import type { Surface } from "../drawing/surface.ts";
import { model } from "../state/model.ts";
import { fitPaletteOnAll, palette } from "../state/palette.ts";
import { currentPicture, type Picture, readyPictures } from "../state/pictures.ts";
import { Missing, Panel } from "./panel.tsx";
import { PatchCanvas } from "./patch-canvas.tsx";
import { plural } from "./words.ts";

/** The part of the page. */
export function FeaturesView(): JSX.Element {
  const picture = currentPicture.value;
  const patchSize = model.value?.encoder.config.patchSize ?? 14;
  const isRandom = model.value?.encoder.info.synthesized !== undefined;
  return (
    <Panel
      id="features"
      title="What each patch looks like to the encoder"
      explanation={
        <>
          Each square is a patch of {patchSize} × {patchSize} pixels; its colour is made of the
          three directions in which the patches’ features differ most, so like colours are like
          features.
          {isRandom && " The weights are random: the colours show what an untrained network sees."}
        </>
      }
    >
      {picture?.prepared === undefined ? (
        <div class="pair">
          <Missing caption="The square that is encoded">
            {picture === undefined && "Choose a picture to see its patches."}
          </Missing>
          <Missing caption="Patch features as colours" />
        </div>
      ) : (
        <Pair picture={picture} />
      )}
      <PaletteLine />
    </Panel>
  );
}

function Pair({ picture }: { readonly picture: Picture }): JSX.Element {
  const drawCrop = (surface: Surface): void => {
    if (picture.prepared !== undefined)
      drawPicture(surface, { picture: picture.prepared.cropBitmap });
  };
  const drawColors = (surface: Surface): void => {
    if (picture.colors !== undefined) drawSquares(surface, { image: picture.colors });
  };
  return (
    <div class="pair">
      <figure>
        <PatchCanvas picture={picture} label="The square that is encoded" draw={drawCrop} />
        <figcaption>The square that is encoded</figcaption>
      </figure>
      <figure data-testid="colors">
        <PatchCanvas picture={picture} label="Patch features as colours" draw={drawColors} />
        <figcaption>
          {picture.status === "ready" ? "Patch features as colours" : statusOf(picture)}
        </figcaption>
      </figure>
    </div>
  );
}

function statusOf({ status, error }: Picture): string {
  if (status === "failed") return error ?? "This picture failed";
  return status === "encoding" ? "Encoding …" : "Waiting for the encoder …";
}

function PaletteLine(): JSX.Element {
  const kept = palette.value;
  const ready = readyPictures.value.length;
  const isOnAll = kept?.fittedOn.length === ready;
  return (
    <div class="line">
      <p class="quiet" data-testid="palette">
        {kept === undefined
          ? "The colours are fitted on the first picture and then kept."
          : `Colours fitted on ${kept.fittedOn.length === 1 ? kept.fittedOn[0] : plural(kept.fittedOn.length, "picture")} and kept for all; they show ${Math.round(kept.colors.share * 100)} % of the variance there.`}
      </p>
      <button type="button" disabled={ready < 2 || isOnAll} onClick={() => void fitPaletteOnAll()}>
        Fit on all pictures
      </button>
    </div>
  );
}
