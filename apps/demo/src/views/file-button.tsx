// A button that lets files of this device be chosen. The browser's own field, which looks like no other button, is hidden
// behind it.

import type { JSX, TargetedEvent } from "preact";
import { useRef } from "preact/hooks";

/** The button. */
export function FileButton(props: {
  /** What is on the button. */
  readonly words: string;
  /** What is chosen: names the field. */
  readonly label: string;
  /** As the attribute of a field. */
  readonly accept: string;
  /** Whether several files may be chosen; default false. */
  readonly multiple?: boolean;
  readonly class?: string;
  /** Where the words alone do not tell this button from others. */
  readonly buttonLabel?: string;
  /** Never called without a file. */
  readonly onFiles: (files: readonly [File, ...File[]]) => void;
}): JSX.Element {
  const { words, label, accept, multiple = false, class: look, buttonLabel, onFiles } = props;
  const input = useRef<HTMLInputElement>(null);
  const take = ({ currentTarget }: TargetedEvent<HTMLInputElement>): void => {
    const [first, ...others] = currentTarget.files ?? [];
    if (first !== undefined) onFiles([first, ...others]);
    // The same file may be chosen again.
    currentTarget.value = "";
  };
  return (
    <>
      <button
        type="button"
        class={look}
        aria-label={buttonLabel}
        onClick={() => input.current?.click()}
      >
        {words}
      </button>
      <input
        ref={input}
        type="file"
        accept={accept}
        multiple={multiple}
        hidden
        aria-label={label}
        onChange={take}
      />
    </>
  );
}
