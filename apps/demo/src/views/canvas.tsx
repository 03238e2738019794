// A canvas that is always drawn in the screen's own pixels, and again when a signal that its drawing reads changes.

import { effect, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Surface } from "../drawing/surface.ts";

/** What a canvas is given. */
export interface CanvasProps {
  /** Draws everything; the surface is empty. */
  readonly draw: (surface: Surface) => void;
  readonly class?: string;
  /** What it shows, for those who do not see it; without it, it is decoration. */
  readonly label?: string;
}

/** The canvas; its size is what the style sheet says. */
export function Canvas({ draw, class: name, label }: CanvasProps): JSX.Element {
  const element = useRef<HTMLCanvasElement>(null);
  const size = useSignal({ width: 0, height: 0, ratio: 1 });

  useEffect(() => {
    const canvas = element.current!;
    const observer = new ResizeObserver(([entry]) => {
      const { devicePixelContentBoxSize, contentRect } = entry!;
      const exact = devicePixelContentBoxSize?.[0];
      const width = screenPixels(contentRect.width, exact?.inlineSize);
      const height = screenPixels(contentRect.height, exact?.blockSize);
      if (width !== size.peek().width || height !== size.peek().height) {
        size.value = { width, height, ratio: width / contentRect.width };
      }
    });
    try {
      observer.observe(canvas, { box: "device-pixel-content-box" });
    } catch {
      // Safari knows CSS pixels only.
      observer.observe(canvas);
    }
    return () => observer.disconnect();
  }, [size]);

  useEffect(
    () =>
      effect(() => {
        const { width, height, ratio } = size.value;
        const context = element.current?.getContext("2d");
        if (context === null || context === undefined || width === 0 || height === 0) return;
        if (context.canvas.width !== width) context.canvas.width = width;
        if (context.canvas.height !== height) context.canvas.height = height;
        context.clearRect(0, 0, width, height);
        draw({ context, width, height, ratio });
      }),
    [draw, size],
  );

  return label === undefined ? (
    <canvas ref={element} class={name} aria-hidden="true" />
  ) : (
    <canvas ref={element} class={name} role="img" aria-label={label} />
  );
}

/** What the browser says of a length, unless it is in other pixels, as with an emulated screen. */
function screenPixels(length: number, exact: number | undefined): number {
  const wanted = length * devicePixelRatio;
  return exact !== undefined && Math.abs(exact - wanted) < 2 ? exact : Math.round(wanted);
}
