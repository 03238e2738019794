// A picture in a class or in none: it can be dragged, or put elsewhere by a list.

import type { ComponentChildren, JSX } from "preact";

import type { Picture } from "../state/pictures.ts";
import { ClassSelect } from "./class-select.tsx";
import { dragProps } from "./picture-drag.ts";
import { Thumbnail } from "./thumbnail.tsx";

/** The list's item, with what is said of the picture. */
export function SortedPicture(props: {
  readonly picture: Picture;
  readonly kind: "example" | "verdict";
  readonly children: ComponentChildren;
}): JSX.Element {
  const { picture, kind, children } = props;
  const { id, name } = picture;
  return (
    <li class={kind} data-testid={kind} {...dragProps(id)}>
      <Thumbnail picture={picture} />
      <span class="name" title={name}>
        {name}
      </span>
      <ClassSelect picture={picture} />
      {children}
    </li>
  );
}
