// The loaded pictures in the order of how alike they are to the one that is looked at.

import { nearestNeighbors } from "@internvit/model-core/features";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import {
  currentPicture,
  type PictureFeatures,
  readyPictures,
  showPicture,
} from "../state/pictures.ts";
import { Choice } from "./choice.tsx";
import { Empty, Panel } from "./panel.tsx";
import { Thumbnail } from "./thumbnail.tsx";

type Pooled = keyof Pick<PictureFeatures, "classToken" | "patchMean">;

const POOLED: readonly { readonly value: Pooled; readonly label: string }[] = [
  { value: "patchMean", label: "Mean of the patches" },
  { value: "classToken", label: "Class token" },
];

/** The part of the page. */
export function NearestView(): JSX.Element {
  const pooled = useSignal<Pooled>("patchMean");
  return (
    <Panel
      id="nearest"
      title="Nearest pictures"
      explanation="Each picture as one vector, compared with that of the picture you look at: 1 is the same direction, and what comes first is most alike."
    >
      <Choice
        legend="One vector a picture"
        options={POOLED}
        value={pooled.value}
        onChange={(value) => (pooled.value = value)}
      />
      <Ranking pooled={pooled.value} />
    </Panel>
  );
}

function Ranking({ pooled }: { readonly pooled: Pooled }): JSX.Element {
  const query = currentPicture.value;
  const others = readyPictures.value.filter(({ id }) => id !== query?.id);
  if (query?.features === undefined || others.length === 0) {
    return <Empty>Two pictures or more can be compared.</Empty>;
  }
  const ranking = nearestNeighbors(query.features[pooled], {
    candidates: others.flatMap(({ features }) => features?.[pooled] ?? []),
  });
  return (
    <ol class="ranking" data-testid="ranking">
      {ranking.map(({ index, similarity }) => {
        const picture = others[index]!;
        const { id, name } = picture;
        return (
          <li key={id}>
            <button type="button" onClick={() => showPicture(id)}>
              <Thumbnail picture={picture} />
              <span class="name">{name}</span>
              <span class="number">{similarity.toFixed(4)}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
