// Pictures of the page, and files, that are dragged into a class or out of it. Whatever is dragged can also be chosen
// from a list, because fingers and keyboards do not drag.

import { useSignal } from "@preact/signals";
import type { TargetedDragEvent } from "preact";

import { addFiles, hasFiles } from "../state/add-pictures.ts";
import { putInto } from "../state/classes.ts";

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
export function useDropZone(classId: number | undefined): {
  readonly isOver: boolean;
  readonly props: {
    readonly onDragOver: DragHandler;
    readonly onDragLeave: DragHandler;
    readonly onDrop: DragHandler;
  };
} {
  const isOver = useSignal(false);
  return {
    isOver: isOver.value,
    props: {
      onDragOver(event) {
        if (!hasFiles(event) && event.dataTransfer?.types.includes(TYPE) !== true) return;
        event.preventDefault();
        isOver.value = true;
      },
      onDragLeave({ currentTarget, relatedTarget }) {
        // Going over to something inside is not leaving.
        if (!currentTarget.contains(relatedTarget as Node | null)) isOver.value = false;
      },
      onDrop(event) {
        isOver.value = false;
        const { dataTransfer } = event;
        const id = dataTransfer?.getData(TYPE) ?? "";
        if (id === "" && !hasFiles(event)) return;
        event.preventDefault();
        putInto(classId, id === "" ? addFiles(dataTransfer?.files ?? []) : [Number(id)]);
      },
    },
  };
}
