// The ways in which pictures come to the page.

import type { RgbImage } from "@internvit/preprocess";

import dayUrl from "../../../../docs/sample.jpg";
import eveningUrl from "../../samples/evening.jpg";
import { announce } from "./announcements.ts";
import { appendPictures } from "./pictures.ts";
import { plural } from "../views/words.ts";

/**
 * Adds files that were chosen, dropped or pasted, and gives the pictures' ids. What is no picture says so when it is
 * decoded.
 */
export function addFiles(files: Iterable<File>): readonly number[] {
  const added = [...files].map((file) => ({ name: file.name, source: file }));
  if (added.length === 0) return [];
  const ids = appendPictures(added);
  announce(`${plural(added.length, "picture")} added`);
  return ids;
}

let frames = 0;

/** Adds what the camera showed. */
export function addFrame(frame: RgbImage): void {
  appendPictures([{ name: `Camera ${++frames}`, source: frame }]);
  announce("Camera picture added");
}

const SAMPLES: readonly { readonly name: string; readonly url: string }[] = [
  { name: "day.jpg", url: dayUrl },
  { name: "evening.jpg", url: eveningUrl },
];

/** Adds the drawings that come with the page. */
export async function addSamples(): Promise<void> {
  const files = SAMPLES.map(async ({ name, url }) => {
    const response = await fetch(url);
    return new File([await response.blob()], name);
  });
  addFiles(await Promise.all(files));
}

/** Takes pictures that are dropped or pasted anywhere; `onDrag` hears whether some hang over the page. */
export function listenForPictures(onDrag: (isOver: boolean) => void): () => void {
  const end = new AbortController();
  const options = { signal: end.signal };
  addEventListener(
    "dragover",
    (event) => {
      // A part of the page that takes them for itself has said so.
      onDrag(hasFiles(event) && !event.defaultPrevented);
      if (hasFiles(event)) event.preventDefault();
    },
    options,
  );
  addEventListener(
    "dragleave",
    (event) => {
      // Leaving an element for another one is not leaving the page.
      if (event.relatedTarget === null) onDrag(false);
    },
    options,
  );
  addEventListener(
    "drop",
    (event) => {
      onDrag(false);
      if (!hasFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      addFiles(event.dataTransfer?.files ?? []);
    },
    options,
  );
  addEventListener("paste", (event) => addFiles(event.clipboardData?.files ?? []), options);
  return () => end.abort();
}

/** Whether files are dragged. */
export function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
