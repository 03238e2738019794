// Something that failed and can be tried again.

import type { ComponentChildren, JSX } from "preact";

/** What went wrong, read out at once, and the button for another try. */
export function Failure(props: {
  readonly children: ComponentChildren;
  readonly onAgain: () => void;
}): JSX.Element {
  const { children, onAgain } = props;
  return (
    <div class="failure">
      <p class="error" role="alert">
        {children}
      </p>
      <button type="button" onClick={onAgain}>
        Try again
      </button>
    </div>
  );
}
