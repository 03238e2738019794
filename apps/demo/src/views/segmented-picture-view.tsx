// A picture under the colours of its classes, with the class under the pointer and a legend.

import { useSignal } from "@preact/signals";
import type { JSX, TargetedPointerEvent } from "preact";

import { drawPicture } from "../drawing/draw-patches.ts";
import { drawLayer } from "../drawing/draw-layer.ts";
import type { Surface } from "../drawing/surface.ts";
import { opacity } from "../state/segmentation.ts";
import type { FoundClass, SegmentedPicture } from "../worker/segment-protocol.ts";
import { Canvas } from "./canvas.tsx";
import { formatShare } from "./words.ts";

/** The picture; without segments it is shown alone. */
export function SegmentedPictureView(props: {
  readonly preview: ImageBitmap;
  readonly name: string;
  readonly segments: SegmentedPicture | undefined;
  readonly classes: readonly string[];
}): JSX.Element {
  const { preview, name, segments, classes } = props;
  const pointed = useSignal<number>();
  const { width, height } = preview;
  const draw = (surface: Surface): void => {
    drawPicture(surface, { picture: preview });
    if (segments !== undefined) {
      drawLayer(surface, { layer: segments.paint, opacity: opacity.value });
    }
  };
  const point = (event: TargetedPointerEvent<HTMLElement>): void => {
    pointed.value = segments && labelUnder(event, segments);
  };
  const named = pointed.value === undefined ? undefined : classes[pointed.value];
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
          onPointerLeave={() => (pointed.value = undefined)}
        >
          <Canvas
            class="patches-canvas"
            draw={draw}
            label={describe(name, { segments, classes })}
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
              name={classes[found.label] ?? `Class ${found.label}`}
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

function labelUnder(
  event: TargetedPointerEvent<HTMLElement>,
  { labels: { width, height, data } }: SegmentedPicture,
): number | undefined {
  const box = event.currentTarget.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * width);
  const y = Math.floor(((event.clientY - box.top) / box.height) * height);
  return x >= 0 && y >= 0 && x < width && y < height ? data[y * width + x] : undefined;
}

/** For those who do not see it. */
function describe(
  name: string,
  of: { readonly segments: SegmentedPicture | undefined; readonly classes: readonly string[] },
): string {
  const { segments, classes } = of;
  if (segments === undefined) return `Not segmented yet: ${name}`;
  const found = segments.found.map(({ label, share }) => `${classes[label]} ${formatShare(share)}`);
  return `${name} in the colours of its classes: ${found.join(", ")}`;
}
