// Where a trained segmentation head is loaded. What it takes to use one is loaded with the first.

import { useSignal } from "@preact/signals";
import type { FunctionComponent, JSX, TargetedEvent } from "preact";
import { useRef } from "preact/hooks";

import { hasFiles } from "../state/add-pictures.ts";
import { useDropTarget } from "./drop-target.ts";
import { Panel } from "./panel.tsx";

/** The part of the page. */
export function SegmentView(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const View = useSignal<FunctionComponent>();
  const problem = useSignal<string>();
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    problem.value = undefined;
    try {
      const { SegmentedView, useHead } = await import("./segmented-view.tsx");
      View.value = SegmentedView;
      await useHead(file);
    } catch (error) {
      problem.value = `What segments cannot be loaded: ${(error as Error).message}`;
    }
  };
  const { isOver, props } = useDropTarget({
    accepts: hasFiles,
    onDrop: ({ files }) => void take(files[0]),
  });
  const takeChosen = ({ currentTarget }: TargetedEvent<HTMLInputElement>): void => {
    void take(currentTarget.files?.[0]);
    // The same file may be chosen again.
    currentTarget.value = "";
  };
  return (
    <Panel
      id="segment"
      title="Segment it"
      explanation={
        <>
          A head that was trained on the encoder’s patches, by{" "}
          <code>internvit eval segmentation</code>, tells the class of every pixel.
        </>
      }
    >
      <div class={`drop head-drop ${isOver ? "is-dragged" : ""}`} {...props}>
        <p class="drop-words">
          {isOver ? "Let go to load it" : "Drop a head.safetensors here, or"}
        </p>
        <button type="button" onClick={() => input.current?.click()}>
          Choose a head
        </button>
        <input
          ref={input}
          type="file"
          accept=".safetensors"
          hidden
          aria-label="Segmentation head"
          onChange={takeChosen}
        />
      </div>
      {problem.value !== undefined && (
        <p class="error" role="alert">
          {problem.value}
        </p>
      )}
      {View.value !== undefined && <View.value />}
    </Panel>
  );
}
