// How long every stage of every picture took.

import type { JSX } from "preact";

import { type Picture, pictures, STAGES } from "../state/pictures.ts";
import { Empty, Panel } from "./panel.tsx";
import { formatMilliseconds } from "./words.ts";

/** The part of the page. */
export function TimingView(): JSX.Element {
  const timed = pictures.value.filter(({ times }) => times.encode !== undefined);
  const longest = Math.max(...timed.map(total));
  return (
    <Panel
      id="timing"
      title="Where the time goes"
      explanation="From the file to the picture of its features: decoding, resizing to the encoder’s input, encoding, and colouring the patches; the first picture also fits the colours."
    >
      {timed.length === 0 ? (
        <Empty>Times appear with the first picture.</Empty>
      ) : (
        <div class="timing">
          <table>
            <thead>
              <tr>
                <th scope="col">Picture</th>
                {STAGES.map((stage) => (
                  <th key={stage} scope="col" class={`number is-${stage}`}>
                    {stage}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {timed.map((picture) => (
                <Row key={picture.id} picture={picture} longest={longest} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Row(props: { readonly picture: Picture; readonly longest: number }): JSX.Element {
  const { picture, longest } = props;
  const { name, times } = picture;
  return (
    <tr>
      <th scope="row">
        <span class="name">{name}</span>
        <span class="bar" aria-hidden="true">
          {STAGES.map((stage) => (
            <span
              key={stage}
              class={`is-${stage}`}
              style={{ width: `${(100 * (times[stage] ?? 0)) / longest}%` }}
            />
          ))}
        </span>
      </th>
      {STAGES.map((stage) => (
        <td key={stage} class="number">
          {times[stage] === undefined ? "" : formatMilliseconds(times[stage])}
        </td>
      ))}
    </tr>
  );
}

function total({ times }: Picture): number {
  return STAGES.reduce((sum, stage) => sum + (times[stage] ?? 0), 0);
}
