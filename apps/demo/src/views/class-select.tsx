// The class that a picture is an example of, from a list: the way without dragging.

import type { JSX } from "preact";

import { classes, classOf, nameOf, putInto } from "../state/classes.ts";
import type { Picture } from "../state/pictures.ts";

/** The list. */
export function ClassSelect({ picture: { id, name } }: { readonly picture: Picture }): JSX.Element {
  const choose = (value: string): void => {
    putInto(value === "" ? undefined : Number(value), [id]);
    // The picture now stands elsewhere, with a list of its own; whoever uses a keyboard is still at this picture.
    requestAnimationFrame(() => document.getElementById(selectId(id))?.focus());
  };
  return (
    <select
      id={selectId(id)}
      class="class-select"
      aria-label={`Class of ${name}`}
      value={String(classOf.value.get(id) ?? "")}
      onChange={({ currentTarget }) => choose(currentTarget.value)}
    >
      <option value="">No class</option>
      {classes.value.map((taught) => (
        <option key={taught.id} value={String(taught.id)}>
          {nameOf(taught)}
        </option>
      ))}
    </select>
  );
}

function selectId(pictureId: number): string {
  return `class-of-${pictureId}`;
}
