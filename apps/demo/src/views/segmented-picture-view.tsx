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

/** The picture; without segments it is shown alone. */
export function SegmentedPictureView(props: {
  readonly preview: ImageBitmap;
  readonly name: string;
  readonly segments: SegmentedPicture | undefined;
  readonly classes: readonly string[];
}): JSX.Element {
  const { preview, name, segments, classes } = props;
  const pointed = useSignal<number>();
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
    pointed.value = labelAt(segments, { x, y: (event.clientY - box.top) / box.height });
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
    pointed.value = labelAt(segments, {
      x: ((cell % grid.columns) + 0.5) / grid.columns,
      y: (Math.floor(cell / grid.columns) + 0.5) / grid.rows,
    });
    if (pointed.value !== undefined) announce(nameOf(pointed.value));
  };
  const leave = (): void => {
    cursor.value = undefined;
    pointed.value = undefined;
  };
  const label = describe(name, { segments, nameOf });
  const named = pointed.value === undefined ? undefined : nameOf(pointed.value);
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
                "aria-label": `${label}. Arrow keys move, and tell the class.`,
              })}
        >
          <Canvas class="patches-canvas" draw={draw} {...(segments === undefined && { label })} />
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
              isPointed={found.label === pointed.value}
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

/** The label at a place, in parts of the picture's sides. */
function labelAt(
  segments: SegmentedPicture | undefined,
  place: { readonly x: number; readonly y: number },
): number | undefined {
  if (segments === undefined) return undefined;
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
