// Where a trained segmentation head is loaded. What it takes to use one is loaded with the first.

import { useSignal } from "@preact/signals";
import type { FunctionComponent, JSX } from "preact";

import { hasFiles } from "../state/add-pictures.ts";
import { useDropTarget } from "./drop-target.ts";
import { FileButton } from "./file-button.tsx";
import { Panel } from "./panel.tsx";

/** The part of the page. */
export function SegmentView(): JSX.Element {
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
        <FileButton
          words="Choose a head"
          label="Segmentation head"
          accept=".safetensors"
          onFiles={([file]) => void take(file)}
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
