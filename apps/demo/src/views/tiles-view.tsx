// How a picture is tiled for a multimodal model, how many tokens that makes, and the prompt.

import type { TilePlan } from "@internvit/model-core";
import type { JSX } from "preact";

import { drawGrid, drawTiles } from "../drawing/draw-tiles.ts";
import type { Surface } from "../drawing/surface.ts";
import { currentPicture, pictures } from "../state/pictures.ts";
import {
  MOST_TILES,
  promptPictures,
  tileBudget,
  together,
  visualPlan,
  withThumbnail,
} from "../state/tiles.ts";
import { Canvas } from "./canvas.tsx";
import { Missing, Panel } from "./panel.tsx";
import { PromptView } from "./prompt-view.tsx";
import { formatCount, plural } from "./words.ts";

/** The part of the page. */
export function TilesView(): JSX.Element {
  return (
    <Panel
      id="tiles"
      title="How a language model is shown the picture"
      explanation="InternVL cuts the picture into the grid of square tiles that fits its shape best within a budget; every tile goes through the encoder and becomes the same number of visual tokens."
    >
      <div class="tile-controls">
        <label class="slider">
          <span>
            At most <output class="number">{tileBudget.value}</output> tiles
          </span>
          <input
            type="range"
            min={1}
            max={MOST_TILES}
            value={tileBudget.value}
            aria-label="Tile budget"
            aria-valuetext={plural(tileBudget.value, "tile")}
            onInput={(event) => (tileBudget.value = Number(event.currentTarget.value))}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={withThumbnail.value}
            onChange={(event) => (withThumbnail.value = event.currentTarget.checked)}
          />
          Thumbnail
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={together.value}
            disabled={pictures.value.length < 2}
            onChange={(event) => (together.value = event.currentTarget.checked)}
          />
          All pictures in one prompt
        </label>
      </div>
      <Drawings />
      <Counts />
      <PromptView />
    </Panel>
  );
}

/** The plan of the picture that is looked at, among those of the prompt. */
function currentPlan(): TilePlan | undefined {
  const place = promptPictures.value.findIndex(({ id }) => id === currentPicture.value?.id);
  return visualPlan.value?.pictures[place]?.plan;
}

function Drawings(): JSX.Element {
  const picture = currentPicture.value?.prepared?.preview;
  const plan = currentPlan();
  if (picture === undefined || plan === undefined) {
    return (
      <div class="pair">
        <Missing caption="The grid" shape="tiles-canvas">
          Choose a picture to see its tiles.
        </Missing>
        <Missing caption="The tiles" shape="tiles-canvas" />
      </div>
    );
  }
  const what = `${plan.grid.columns} by ${plan.grid.rows} tiles`;
  return (
    <div class="pair">
      <figure>
        <Canvas
          class="tiles-canvas"
          label={`The picture with its grid of ${what}`}
          draw={(surface: Surface) => drawGrid(surface, { picture, plan })}
        />
        <figcaption>The grid</figcaption>
      </figure>
      <figure>
        <Canvas
          class="tiles-canvas"
          label={`The tiles as they are encoded: ${what}${plan.hasThumbnail ? " and the whole picture as thumbnail" : ""}`}
          draw={(surface: Surface) => drawTiles(surface, { picture, plan })}
        />
        <figcaption>The tiles{plan.hasThumbnail && ", the whole picture last"}</figcaption>
      </figure>
    </div>
  );
}

function Counts(): JSX.Element {
  const plan = visualPlan.value;
  const current = currentPlan();
  return (
    <dl class="facts">
      <Count label="Grid" id="grid" of={current && [current.grid.columns, current.grid.rows]} />
      <Count label="Resized to" of={current && [current.resized.width, current.resized.height]} />
      <Count label="Tiles" id="tiles-count" of={plan && [plan.tileCount]} />
      <Count label="Tokens a tile" of={plan && [plan.tokensPerTile]} />
      <Count label="Visual tokens" id="tokens" of={plan && [plan.tokenCount]} />
    </dl>
  );
}

/** A number, or width × height; a dash before there is one. */
function Count(props: {
  readonly label: string;
  readonly id?: string;
  readonly of: readonly number[] | undefined;
}): JSX.Element {
  const { label, id, of } = props;
  return (
    <div>
      <dt>{label}</dt>
      <dd data-testid={id}>{of === undefined ? "–" : of.map(formatCount).join(" × ")}</dd>
    </div>
  );
}
