// A picture, small: what the encoder gets of it.

import type { JSX } from "preact";

import { drawPicture } from "../drawing/draw-patches.ts";
import type { Picture } from "../state/pictures.ts";
import { Canvas } from "./canvas.tsx";

/** The square; empty until the picture is decoded. */
export function Thumbnail({ picture: { prepared } }: { readonly picture: Picture }): JSX.Element {
  return (
    <Canvas
      class="thumbnail"
      draw={(surface) => {
        if (prepared !== undefined) drawPicture(surface, { picture: prepared.cropBitmap });
      }}
    />
  );
}
