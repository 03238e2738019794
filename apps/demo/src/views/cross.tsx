// The sign on buttons that take something away.

import type { JSX } from "preact";

/** The sign. */
export function Cross(): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d="M4 4l8 8M12 4l-8 8" />
    </svg>
  );
}
