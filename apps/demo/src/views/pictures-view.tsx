// Where pictures are chosen, dropped or taken, and the row of those that are there.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { addFiles, addSamples, listenForPictures } from "../state/add-pictures.ts";
import { encodeAgain } from "../state/encode-pictures.ts";
import {
  currentPicture,
  type Picture,
  pictures,
  removePicture,
  showPicture,
} from "../state/pictures.ts";
import { chancesOf, verdicts } from "../state/verdicts.ts";
import { CameraDialog } from "./camera-dialog.tsx";
import { Cross } from "./cross.tsx";
import { Failure } from "./failure.tsx";
import { FileButton } from "./file-button.tsx";
import { dragProps } from "./picture-drag.ts";
import { Thumbnail } from "./thumbnail.tsx";
import { formatChance } from "./words.ts";

/** The part of the page. */
export function PicturesView(): JSX.Element {
  const isDragged = useSignal(false);
  const isCameraOpen = useSignal(false);

  useEffect(() => listenForPictures((isOver) => (isDragged.value = isOver)), [isDragged]);

  return (
    <section class="panel" id="pictures" aria-labelledby="pictures-title">
      <h2 id="pictures-title">Pictures</h2>
      <div class={`drop ${isDragged.value ? "is-dragged" : ""}`}>
        <p class="drop-words">
          {isDragged.value ? "Let go to add them" : "Drop pictures anywhere on this page, or"}
        </p>
        <div class="buttons">
          <FileButton
            class="primary"
            words="Choose pictures"
            label="Pictures"
            accept="image/*"
            multiple
            onFiles={addFiles}
          />
          <button type="button" onClick={() => (isCameraOpen.value = true)}>
            Camera
          </button>
          <button type="button" onClick={() => void addSamples()}>
            Samples
          </button>
        </div>
        <p class="quiet">They stay on this device: everything is computed in this page.</p>
      </div>
      {pictures.value.length > 0 && (
        <ul class="strip" aria-label="Pictures that are loaded">
          {pictures.value.map((picture) => (
            <Item key={picture.id} picture={picture} />
          ))}
        </ul>
      )}
      <CameraDialog isOpen={isCameraOpen} />
    </section>
  );
}

const STATUS: Readonly<Record<Picture["status"], string>> = {
  waiting: "waiting",
  preparing: "decoding",
  encoding: "encoding",
  ready: "ready",
  failed: "failed",
};

/** The class that a picture is told to be of, where one has been taught. */
function toldAs(pictureId: number): string | undefined {
  const verdict = verdicts.value.get(pictureId);
  const best = verdict && chancesOf(verdict).find(({ isBest }) => isBest);
  return best && `${formatChance(best.chance)} ${best.name}`;
}

function Item({ picture }: { readonly picture: Picture }): JSX.Element {
  const { id, name, status, prepared, error } = picture;
  const isCurrent = currentPicture.value?.id === id;
  const told = toldAs(id);
  return (
    <li class={`item is-${status}`} data-testid="picture" data-status={status} {...dragProps(id)}>
      <button
        type="button"
        class="item-show"
        aria-pressed={isCurrent}
        onClick={() => showPicture(id)}
      >
        <Thumbnail picture={picture} />
        <span class="item-text">
          <span class="name">{name}</span>
          <span class="quiet">
            {prepared !== undefined && `${prepared.width} × ${prepared.height}, `}
            {STATUS[status]}
          </span>
          {told !== undefined && <span class="quiet name">{told}</span>}
        </span>
      </button>
      <button
        type="button"
        class="item-remove"
        aria-label={`Remove ${name}`}
        onClick={() => removePicture(id)}
      >
        <Cross />
      </button>
      {status === "failed" && <Failure onAgain={() => encodeAgain(id)}>{error}</Failure>}
    </li>
  );
}
