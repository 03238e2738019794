// Classes that the visitor makes, and what a head that is trained on them says of other pictures.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { model } from "../state/model.ts";
import { addClass, classes } from "../state/classes.ts";
import { ClassBox } from "./class-box.tsx";
import { HeadFileView } from "./head-file-view.tsx";
import { Panel } from "./panel.tsx";
import { TeachingView } from "./teaching-view.tsx";
import { VerdictsView } from "./verdicts-view.tsx";

/** The part of the page. */
export function TeachView(): JSX.Element {
  const add = useRef<HTMLButtonElement>(null);
  const isRandom = model.value?.encoder.info.synthesized !== undefined;
  return (
    <Panel
      id="teach"
      title="Teach it"
      explanation={
        <>
          Sort some pictures into classes. A linear layer over the encoder’s features, a linear
          probe, learns them in this page and tells the class of all other pictures.
          {isRandom &&
            " The weights are random: they tell colours and textures apart, and hardly what things are."}
        </>
      }
    >
      <ul class="classes" aria-label="Classes">
        {classes.value.map((taught) => (
          <ClassBox key={taught.id} taught={taught} onRemoved={() => add.current?.focus()} />
        ))}
      </ul>
      <div class="line">
        <TeachingView />
        <button type="button" ref={add} onClick={() => addClass()}>
          Add a class
        </button>
      </div>
      <VerdictsView />
      <HeadFileView />
    </Panel>
  );
}
