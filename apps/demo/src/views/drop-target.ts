// An element that takes what is dragged over it, before the page does.

import { useSignal } from "@preact/signals";
import type { TargetedDragEvent } from "preact";

type DragHandler = (event: TargetedDragEvent<HTMLElement>) => void;

/** Attributes of such an element, and whether something that it takes hangs over it. */
export interface DropTarget {
  readonly isOver: boolean;
  readonly props: {
    readonly onDragOver: DragHandler;
    readonly onDragLeave: DragHandler;
    readonly onDrop: DragHandler;
  };
}

/** Takes what is `accepted`; all else is left to others. */
export function useDropTarget(options: {
  readonly accepts: (event: DragEvent) => boolean;
  readonly onDrop: (dropped: DataTransfer) => void;
}): DropTarget {
  const { accepts, onDrop } = options;
  const isOver = useSignal(false);
  return {
    isOver: isOver.value,
    props: {
      onDragOver(event) {
        if (!accepts(event)) return;
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
        if (dataTransfer === null || !accepts(event)) return;
        event.preventDefault();
        onDrop(dataTransfer);
      },
    },
  };
}
