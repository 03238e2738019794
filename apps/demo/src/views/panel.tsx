// A part of the page: a heading, one sentence that explains it, and what it shows.

import type { ComponentChildren, JSX } from "preact";

/** The part. */
export function Panel(props: {
  readonly id: string;
  readonly title: string;
  readonly explanation: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { id, title, explanation, children } = props;
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      <p class="explanation">{explanation}</p>
      {children}
    </section>
  );
}

/** Says what is missing before a part can show something. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

/** Stands where a drawing will be, in its size, so that nothing moves when it comes. */
export function Missing(props: {
  /** What will be there. */
  readonly caption: string;
  /** The drawing's class, which gives the size. */
  readonly shape?: "patches" | "tiles-canvas";
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { caption, shape = "patches", children } = props;
  return (
    <figure>
      <div class={`${shape} missing`}>{children}</div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
