// The pictures that are no examples, and what the head says of them.

import type { JSX } from "preact";

import { drawPicture } from "../drawing/draw-patches.ts";
import { otherPictures } from "../state/classes.ts";
import { type Picture, pictures } from "../state/pictures.ts";
import { verdicts } from "../state/verdicts.ts";
import { Canvas } from "./canvas.tsx";
import { Chances } from "./chances.tsx";
import { ClassSelect } from "./class-select.tsx";
import { dragProps, useDropZone } from "./picture-drag.ts";

/** The list. */
export function VerdictsView(): JSX.Element | null {
  const { isOver, props } = useDropZone(undefined);
  const others = otherPictures.value;
  if (pictures.value.length === 0) return null;
  return (
    <div class={`verdicts ${isOver ? "is-dragged" : ""}`} {...props}>
      <h3 id="verdicts-title">Pictures in no class</h3>
      {others.length === 0 ? (
        <p class="quiet">Add a picture that it has not learnt, and see what it says.</p>
      ) : (
        <ul aria-labelledby="verdicts-title">
          {others.map((picture) => (
            <Other key={picture.id} picture={picture} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Other({ picture }: { readonly picture: Picture }): JSX.Element {
  const { id, name, status, prepared } = picture;
  const verdict = verdicts.value.get(id);
  return (
    <li class="verdict" data-testid="verdict" {...dragProps(id)}>
      <Canvas
        class="thumbnail"
        draw={(surface) => {
          if (prepared !== undefined) drawPicture(surface, { picture: prepared.cropBitmap });
        }}
      />
      <span class="name" title={name}>
        {name}
      </span>
      <ClassSelect picture={picture} />
      {verdict !== undefined && <Chances verdict={verdict} />}
      {/* Why it failed stands in the list of pictures. */}
      {status === "failed" && <p class="quiet">Cannot be used</p>}
      {(status === "preparing" || status === "encoding") && <p class="quiet">Encoding …</p>}
    </li>
  );
}
