// Pictures of the page, and files, that are dragged into a class or out of it. Whatever is dragged can also be chosen
// from a list, because fingers and keyboards do not drag.

import type { TargetedDragEvent } from "preact";

import { addFiles, hasFiles } from "../state/add-pictures.ts";
import { putInto } from "../state/classes.ts";
import { type DropTarget, useDropTarget } from "./drop-target.ts";

/** What the page's own pictures are dragged as: the picture's id. */
const TYPE = "application/x-internvit-picture";

type DragHandler = (event: TargetedDragEvent<HTMLElement>) => void;

/** Attributes of an element that a picture can be dragged by. */
export function dragProps(pictureId: number): {
  readonly draggable: true;
  readonly onDragStart: DragHandler;
} {
  return {
    draggable: true,
    onDragStart(event) {
      event.dataTransfer?.setData(TYPE, String(pictureId));
      if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = "move";
    },
  };
}

/** Attributes of an element that pictures are dropped on, and whether some hang over it. */
export function useDropZone(classId: number | undefined): DropTarget {
  return useDropTarget({
    accepts: (event) => hasFiles(event) || event.dataTransfer?.types.includes(TYPE) === true,
    onDrop(dropped) {
      const id = dropped.getData(TYPE);
      putInto(classId, id === "" ? addFiles(dropped.files) : [Number(id)]);
    },
  });
}
