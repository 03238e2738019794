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

/** What a patch canvas is given. */
export interface PatchCanvasProps {
  readonly picture: Picture;
  /** What is shown, such as "Patch features as colours". */
  readonly label: string;
  readonly draw: (surface: Surface) => void;
  /** Says more about a patch when the cursor is on it. */
  readonly describe?: (patch: number) => string;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

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

  const patchAt = (event: TargetedMouseEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return clamp(row, rows) * columns + clamp(column, columns);
  };

  /** Where the keyboard's cursor is in this picture. */
  const cursor = (): number => {
    for (const place of [cursorPatch.peek(), selectedPatch.peek()]) {
      if (place?.pictureId === pictureId) return Math.min(place.patch, rows * columns - 1);
    }
    return Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  };

  const moveTo = (patch: number): void => {
    pointAt({ pictureId, patch });
    announce(`${describePatch(patch, columns)}${describe === undefined ? "" : describe(patch)}`);
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const step = STEPS[event.key];
    if (step !== undefined) {
      const at = cursor();
      // The first key shows the cursor, the next ones move it.
      const isShown = cursorPatch.peek()?.pictureId === pictureId;
      const [x, y] = isShown ? step : [0, 0];
      const column = clamp((at % columns) + x, columns);
      const row = clamp(Math.floor(at / columns) + y, rows);
      moveTo(row * columns + column);
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

function clamp(value: number, count: number): number {
  return Math.min(Math.max(value, 0), count - 1);
}
