// The page: on the left what goes in, on the right what the encoder makes of it.

import type { JSX } from "preact";

import { announcement } from "./state/announcements.ts";
import { type Theme, theme } from "./state/theme.ts";
import { Choice } from "./views/choice.tsx";
import { FeaturesView } from "./views/features-view.tsx";
import { ModelView } from "./views/model-view.tsx";
import { NearestView } from "./views/nearest-view.tsx";
import { PicturesView } from "./views/pictures-view.tsx";
import { SegmentView } from "./views/segment-view.tsx";
import { SimilarityView } from "./views/similarity-view.tsx";
import { TeachView } from "./views/teach-view.tsx";
import { TilesView } from "./views/tiles-view.tsx";
import { TimingView } from "./views/timing-view.tsx";

const THEME_CHOICES: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** Everything. */
export function App(): JSX.Element {
  return (
    <>
      <a class="skip" href="#features">
        Skip to what the encoder sees
      </a>
      <header class="top">
        <div>
          <h1>What InternViT sees</h1>
          <p class="quiet">
            The vision encoder of InternVL 2.5 at work in this page, on this device.
          </p>
        </div>
        <Choice
          legend="Colours of the page"
          options={THEME_CHOICES}
          value={theme.value}
          onChange={(value) => (theme.value = value)}
        />
      </header>
      <div class="columns">
        <aside class="side" aria-label="Pictures and model">
          <PicturesView />
          <ModelView />
        </aside>
        <main>
          <FeaturesView />
          <SimilarityView />
          <TilesView />
          <NearestView />
          <TeachView />
          <SegmentView />
          <TimingView />
        </main>
      </div>
      <p class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </>
  );
}
