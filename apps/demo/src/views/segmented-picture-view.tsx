// A picture under the colours of its classes, with the class under the pointer or the keyboard's cursor and a legend.

import { useSignal } from "@preact/signals";
import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";

import { drawMark, drawPicture } from "../drawing/draw-patches.ts";
import { drawLayer } from "../drawing/draw-layer.ts";
import type { Surface } from "../drawing/surface.ts";
import { announce } from "../state/announcements.ts";
import { opacity } from "../state/segmentation.ts";
import type { FoundClass, SegmentedPicture } from "../worker/segment-protocol.ts";
import { Canvas } from "./canvas.tsx";
import { cellBeside, isArrowKey, middleCell } from "./grid-cells.ts";
import { formatShare } from "./words.ts";

/** Places from left to right that arrow keys go through. */
const CURSOR_COLUMNS = 32;

/** In parts of the picture's sides. */
interface Place {
  readonly x: number;
  readonly y: number;
}

/** The picture; without segments it is shown alone. */
export function SegmentedPictureView(props: {
  readonly preview: ImageBitmap;
  readonly name: string;
  readonly segments: SegmentedPicture | undefined;
  readonly classes: readonly string[];
}): JSX.Element {
  const { preview, name, segments, classes } = props;
  const pointed = useSignal<Place>();
  const cursor = useSignal<number>();
  const nameOf = (label: number): string => classes[label] ?? `Class ${label}`;
  const { width, height } = preview;
  const grid = {
    columns: CURSOR_COLUMNS,
    rows: Math.max(1, Math.round((CURSOR_COLUMNS * height) / width)),
  };
  const draw = (surface: Surface): void => {
    drawPicture(surface, { picture: preview });
    if (segments === undefined) return;
    drawLayer(surface, { layer: segments.paint, opacity: opacity.value });
    if (cursor.value !== undefined) {
      drawMark(surface, { patch: cursor.value, ...grid, isPicked: false });
    }
  };
  const point = (event: TargetedPointerEvent<HTMLElement>): void => {
    cursor.value = undefined;
    const box = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    pointed.value = { x, y: (event.clientY - box.top) / box.height };
  };
  const move = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (!isArrowKey(event.key)) return;
    event.preventDefault();
    // The first key shows the cursor, the next ones move it.
    const cell =
      cursor.value === undefined
        ? middleCell(grid)
        : cellBeside(cursor.value, { key: event.key, ...grid });
    cursor.value = cell;
    const place = {
      x: ((cell % grid.columns) + 0.5) / grid.columns,
      y: (Math.floor(cell / grid.columns) + 0.5) / grid.rows,
    };
    pointed.value = place;
    const label = labelAt(segments, place);
    if (label !== undefined) announce(nameOf(label));
  };
  const leave = (): void => {
    cursor.value = undefined;
    pointed.value = undefined;
  };
  const words = describe(name, { segments, nameOf });
  const label = labelAt(segments, pointed.value);
  const named = label === undefined ? undefined : nameOf(label);
  return (
    <div class="segmented">
      <figure>
        <div
          class="segmented-picture"
          // Of a tall picture too there should be something beside it to see on a screen.
          style={{ aspectRatio: `${width} / ${height}`, maxWidth: `${(34 * width) / height}rem` }}
          data-testid="segmented"
          onPointerMove={point}
          onPointerDown={point}
          // A finger that is lifted hides nothing any more: now the name can be read.
          onPointerLeave={({ pointerType }) => pointerType !== "touch" && leave()}
          onKeyDown={move}
          onBlur={leave}
          {...(segments === undefined
            ? {}
            : {
                role: "application",
                tabIndex: 0,
                "aria-roledescription": "segmented picture",
                "aria-label": `${words}. Arrow keys move, and tell the class.`,
              })}
        >
          <Canvas
            class="patches-canvas"
            draw={draw}
            {...(segments === undefined && { label: words })}
          />
        </div>
        <figcaption data-testid="pointed">
          {named ?? (segments === undefined ? name : "Point at the picture for a class.")}
        </figcaption>
      </figure>
      {segments !== undefined && (
        // A long list scrolls, with arrow keys too.
        <ul
          class="classes-found"
          aria-label="Classes found"
          tabIndex={0}
          data-testid="classes-found"
        >
          {segments.found.map((found) => (
            <Entry
              key={found.label}
              found={found}
              name={nameOf(found.label)}
              isPointed={found.label === label}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function Entry(props: {
  readonly found: FoundClass;
  readonly name: string;
  readonly isPointed: boolean;
}): JSX.Element {
  const { found, name, isPointed } = props;
  return (
    <li class={isPointed ? "is-pointed" : ""}>
      <span class="swatch" style={{ background: `rgb(${found.colour.join(" ")})` }} />
      <span class="name" title={name}>
        {name}
      </span>
      <span class="number">{formatShare(found.share)}</span>
    </li>
  );
}

/** The label at a place. */
function labelAt(
  segments: SegmentedPicture | undefined,
  place: Place | undefined,
): number | undefined {
  if (segments === undefined || place === undefined) return undefined;
  const { width, height, data } = segments.labels;
  const [x, y] = [Math.floor(place.x * width), Math.floor(place.y * height)];
  return x >= 0 && y >= 0 && x < width && y < height ? data[y * width + x] : undefined;
}

/** For those who do not see it. */
function describe(
  name: string,
  of: {
    readonly segments: SegmentedPicture | undefined;
    readonly nameOf: (label: number) => string;
  },
): string {
  const { segments, nameOf } = of;
  if (segments === undefined) return `Not segmented yet: ${name}`;
  const found = segments.found.map(({ label, share }) => `${nameOf(label)} ${formatShare(share)}`);
  return `${name} in the colours of its classes: ${found.join(", ")}`;
}
