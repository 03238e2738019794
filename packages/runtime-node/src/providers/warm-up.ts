// The first run on a GPU compiles its kernels, which can take longer than a hundred pictures. It is done with a gray
// picture while the encoder opens, and tells where the nodes of the graph really run.

import { type InputSize } from "@internvit/model-core";
import { pixelFeeds } from "@internvit/model-core/session";

import type { NodeGraphSession } from "../node-runtime.ts";
import type { Placement } from "../worker/protocol.ts";

/** What the first run showed. */
export interface WarmUp {
  readonly placement: Placement;
  readonly milliseconds: number;
}

/** Runs one gray picture through a session that records its placement; frees the session when that fails. */
export async function warmUp(
  session: NodeGraphSession,
  { inputSize, signal }: { readonly inputSize: InputSize; readonly signal?: AbortSignal },
): Promise<WarmUp> {
  const { height, width } = inputSize;
  const data = new Uint8Array(height * width * 3).fill(128);
  const gray = { dtype: "uint8", shape: [1, height, width, 3], data } as const;
  const begin = performance.now();
  try {
    const cancel = signal === undefined ? {} : { signal };
    await session.run(pixelFeeds(gray, inputSize), { move: true, ...cancel });
    const placement = await session.readPlacement();
    return { placement, milliseconds: performance.now() - begin };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}
