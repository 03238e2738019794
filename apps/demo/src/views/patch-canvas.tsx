// A picture whose patches can be pointed at and picked, with a pointer or with arrow keys and Enter.

import { useCallback } from "preact/hooks";
import type { JSX, TargetedKeyboardEvent, TargetedMouseEvent } from "preact";

import { drawMark } from "../drawing/draw-patches.ts";
import type { Surface } from "../drawing/surface.ts";
import { announce } from "../state/announcements.ts";
import type { Picture } from "../state/pictures.ts";
import {
  clearSelection,
  cursorPatch,
  describePatch,
  pointAt,
  selectedPatch,
  selectPatch,
} from "../state/selection.ts";
import { Canvas } from "./canvas.tsx";
import { cellBeside, cellUnder, isArrowKey, middleCell } from "./grid-cells.ts";

/** What a patch canvas is given. */
export interface PatchCanvasProps {
  readonly picture: Picture;
  /** What is shown, such as "Patch features as colours". */
  readonly label: string;
  readonly draw: (surface: Surface) => void;
  /** Says more about a patch when the cursor is on it. */
  readonly describe?: (patch: number) => string;
}

/** The canvas with its marks; without features there is nothing to pick. */
export function PatchCanvas({ picture, label, draw, describe }: PatchCanvasProps): JSX.Element {
  const { id: pictureId, features } = picture;
  const columns = features?.patches.gridWidth ?? 1;
  const rows = features?.patches.gridHeight ?? 1;

  const drawAll = useCallback(
    (surface: Surface) => {
      draw(surface);
      for (const [place, isPicked] of [
        [cursorPatch.value, false],
        [selectedPatch.value, true],
      ] as const) {
        if (place?.pictureId === pictureId) {
          drawMark(surface, { patch: place.patch, columns, rows, isPicked });
        }
      }
    },
    [draw, pictureId, columns, rows],
  );

  const patchAt = (event: TargetedMouseEvent<HTMLElement>): number =>
    cellUnder(event, { columns, rows, element: event.currentTarget });

  /** Where the keyboard's cursor is in this picture. */
  const cursor = (): number => {
    for (const place of [cursorPatch.peek(), selectedPatch.peek()]) {
      if (place?.pictureId === pictureId) return Math.min(place.patch, rows * columns - 1);
    }
    return middleCell({ columns, rows });
  };

  const moveTo = (patch: number): void => {
    pointAt({ pictureId, patch });
    announce(`${describePatch(patch, columns)}${describe === undefined ? "" : describe(patch)}`);
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (isArrowKey(event.key)) {
      const at = cursor();
      // The first key shows the cursor, the next ones move it.
      const isShown = cursorPatch.peek()?.pictureId === pictureId;
      moveTo(isShown ? cellBeside(at, { key: event.key, columns, rows }) : at);
    } else if (event.key === "Enter" || event.key === " ") {
      selectPatch({ pictureId, patch: cursor() });
    } else if (event.key === "Escape") {
      clearSelection();
    } else {
      return;
    }
    event.preventDefault();
  };

  if (features === undefined) {
    return (
      <div class="patches">
        <Canvas draw={draw} label={`${label}: ${picture.name}`} class="patches-canvas" />
      </div>
    );
  }
  return (
    <div
      class="patches is-interactive"
      role="application"
      tabIndex={0}
      aria-roledescription="patch grid"
      aria-label={`${label}: ${picture.name}, ${rows} rows and ${columns} columns of patches. Arrow keys move, Enter picks.`}
      onPointerMove={(event) => pointAt({ pictureId, patch: patchAt(event) })}
      onPointerLeave={() => pointAt(undefined)}
      onClick={(event) => selectPatch({ pictureId, patch: patchAt(event) })}
      onKeyDown={onKeyDown}
      onBlur={() => pointAt(undefined)}
    >
      <Canvas draw={drawAll} class="patches-canvas" />
    </div>
  );
}
