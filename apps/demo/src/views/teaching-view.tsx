// How the training goes, and how far its results can be trusted.

import type { JSX } from "preact";

import { classes, nameOf } from "../state/classes.ts";
import { model } from "../state/model.ts";
import { type HeadInUse, headInUse, teachAgain, teaching, unfitHead } from "../state/teaching.ts";
import { Failure } from "./failure.tsx";
import { formatMilliseconds, plural } from "./words.ts";

/** A few sentences; their place is kept. */
export function TeachingView(): JSX.Element {
  const { value: now } = teaching;
  const used = headInUse.value;
  return (
    <div class="teaching quiet" data-testid="teaching" data-step={now.step}>
      <Step />
      {now.step !== "training" && used !== undefined && <Known used={used} />}
      {unfitHead.value?.from.kind === "file" && (
        <p class="error" role="alert">
          {unfitHead.value.from.name} takes other features than this model has: it was trained with{" "}
          {unfitHead.value.from.modelName}.
        </p>
      )}
    </div>
  );
}

function Step(): JSX.Element | null {
  const { value: now } = teaching;
  switch (now.step) {
    case "collecting":
      return headInUse.value === undefined ? (
        <p>
          Drag a picture into each of two classes, or choose its class from the list beside it. Two
          or more of each are better.
        </p>
      ) : null;
    case "waiting":
      return <p>Waiting for the features of {plural(now.count, "picture")} …</p>;
    case "training": {
      const { step = 0, steps = 1, loss } = now.progress ?? {};
      return (
        <label>
          <span class="number">Learning …{loss !== undefined && ` loss ${loss.toFixed(2)}`}</span>
          <progress value={step} max={steps} />
        </label>
      );
    }
    case "trained":
      return null;
    case "failed":
      return <Failure onAgain={teachAgain}>It could not be learnt: {now.message}</Failure>;
  }
}

function Known({ used }: { readonly used: HeadInUse }): JSX.Element {
  const unlearnt = classes.value.filter(({ id }) => !used.classIds.includes(id));
  return (
    <>
      <p>{used.from.kind === "examples" ? learntWords(used.from) : loadedWords(used.from)}</p>
      {unlearnt.map((taught) => (
        <p key={taught.id}>{nameOf(taught)} has no picture yet, and is not learnt.</p>
      ))}
      <p>
        Confidence is not calibrated: after so few pictures, 90 % does not mean right nine times out
        of ten.
      </p>
    </>
  );
}

type From<Kind> = Extract<HeadInUse["from"], { readonly kind: Kind }>;

function learntWords({ count, losses, leftOut, milliseconds }: From<"examples">): string {
  const [first, last] = losses.map((loss) => loss.toFixed(2));
  const checked = leftOut.filter((isRight) => isRight !== undefined);
  const right = checked.filter((isRight) => isRight).length;
  return (
    `Learnt from ${plural(count, "picture")} in ${formatMilliseconds(milliseconds)}; loss ${first} to ${last}. ` +
    (checked.length === 0
      ? "With two pictures of each class it checks itself on what it has not seen."
      : `Told rightly without having learnt from them: ${right} of ${checked.length}.`)
  );
}

function loadedWords({ name, modelName }: From<"file">): string {
  const used = model.value?.name;
  return (
    `In use: ${name}, trained with ${modelName}. ` +
    (used === modelName ? "" : `With ${used}, what it says means nothing. `) +
    "Put pictures into two classes to train anew."
  );
}
