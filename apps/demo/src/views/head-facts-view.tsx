// What a segmentation head says of itself.

import type { ComponentChildren, JSX } from "preact";

import type { ChosenHead } from "../model/segmentation-head.ts";
import { formatCount } from "./words.ts";

/** A few facts, and the names of its classes. */
export function HeadFactsView({ head }: { readonly head: ChosenHead }): JSX.Element {
  const { file, facts } = head;
  const { classes, encoder, protocol, iteration, form } = facts;
  return (
    <>
      <dl class="facts" data-testid="head-facts">
        <Fact label="File">{file.name}</Fact>
        <Fact label="Head">{form.kind === "linear" ? "Linear" : "UperNet"}</Fact>
        <Fact label="Classes">{classes.length}</Fact>
        <Fact label="Trained on">
          {encoder.name}
          {encoder.trained && ", and brings that encoder, which was trained with it"}
        </Fact>
        <Fact label="Protocol">{protocol.name}</Fact>
        <Fact label="Iteration">{formatCount(iteration)}</Fact>
      </dl>
      <details class="class-names">
        <summary>Its classes</summary>
        <p class="quiet">{classes.join(", ")}</p>
      </details>
    </>
  );
}

function Fact(props: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
