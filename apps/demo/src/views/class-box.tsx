// A class that is taught: its name and its examples. Pictures and files are dropped on it.

import type { JSX } from "preact";

import { addFiles } from "../state/add-pictures.ts";
import {
  classes,
  FEWEST_CLASSES,
  LONGEST_NAME,
  nameOf,
  picturesIn,
  putInto,
  removeClass,
  renameClass,
  type TaughtClass,
} from "../state/classes.ts";
import { Cross } from "./cross.tsx";
import { FileButton } from "./file-button.tsx";
import { useDropZone } from "./picture-drag.ts";
import { SortedPicture } from "./sorted-picture.tsx";

/** The class. */
export function ClassBox(props: {
  readonly taught: TaughtClass;
  /** Called when its own button took it away. */
  readonly onRemoved: () => void;
}): JSX.Element {
  const { taught, onRemoved } = props;
  const { isOver, props: dropProps } = useDropZone(taught.id);
  const name = nameOf(taught);
  const examples = picturesIn(taught.id);
  const remove = (): void => {
    removeClass(taught);
    onRemoved();
  };
  return (
    <li
      class={`drop class-box ${isOver ? "is-dragged" : ""}`}
      data-testid="class"
      aria-label={name}
      {...dropProps}
    >
      <div class="class-name">
        <input
          type="text"
          aria-label={`Name of ${name}`}
          placeholder={name}
          value={taught.name}
          maxLength={LONGEST_NAME}
          onInput={({ currentTarget }) => renameClass(taught.id, currentTarget.value)}
        />
        <button
          type="button"
          class="item-remove"
          aria-label={`Remove ${name}`}
          disabled={classes.value.length <= FEWEST_CLASSES}
          onClick={remove}
        >
          <Cross />
        </button>
      </div>
      {examples.length > 0 && (
        <ul class="examples" aria-label={`Examples of ${name}`}>
          {examples.map((picture) => (
            <SortedPicture key={picture.id} picture={picture} kind="example">
              {/* Why it failed stands in the list of pictures. */}
              {picture.status === "failed" && <span class="error">Cannot be used</span>}
            </SortedPicture>
          ))}
        </ul>
      )}
      <FileButton
        class="class-add"
        words="Choose pictures"
        buttonLabel={`Choose pictures of ${name}`}
        label={`Pictures of ${name}`}
        accept="image/*"
        multiple
        onFiles={(files) => putInto(taught.id, addFiles(files))}
      />
      <p class="quiet drop-words">{isOver ? "Let go to add" : "or drop them here"}</p>
    </li>
  );
}
