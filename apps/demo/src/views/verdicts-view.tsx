// The pictures that are no examples, and what the head says of them.

import type { JSX } from "preact";

import { otherPictures } from "../state/classes.ts";
import { type Picture, pictures } from "../state/pictures.ts";
import { verdicts } from "../state/verdicts.ts";
import { Chances } from "./chances.tsx";
import { useDropZone } from "./picture-drag.ts";
import { SortedPicture } from "./sorted-picture.tsx";

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
  const { id, status } = picture;
  const verdict = verdicts.value.get(id);
  return (
    <SortedPicture picture={picture} kind="verdict">
      {verdict !== undefined && <Chances verdict={verdict} />}
      {/* Why it failed stands in the list of pictures. */}
      {status === "failed" && <p class="quiet">Cannot be used</p>}
      {(status === "preparing" || status === "encoding") && <p class="quiet">Encoding …</p>}
    </SortedPicture>
  );
}
