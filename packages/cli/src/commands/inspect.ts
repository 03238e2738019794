// `internvit inspect`: what is in a checkpoint folder.

import type { JsonValue } from "@internvit/model-core";
import { openCheckpoint } from "@internvit/runtime-node";

import { describeReport } from "../checkpoints/describe-report.ts";
import { inspectCheckpoint } from "../checkpoints/inspect-checkpoint.ts";
import type { CommandContext } from "../context.ts";

/** Reports on the checkpoint and returns the exit code: 1 when the encoder cannot be built from it. */
export async function inspect(
  { directory }: { readonly directory: string },
  { report, signal }: CommandContext,
): Promise<number> {
  const found = inspectCheckpoint(await openCheckpoint(directory, { signal }));
  report({
    event: "result",
    command: "inspect",
    // Plain data: what JSON makes of it is the same.
    facts: { ...found } as unknown as { readonly [key: string]: JsonValue },
    text: describeReport(found),
    ...(found.problem === null ? {} : { problem: found.problem }),
  });
  return found.usable ? 0 : 1;
}
