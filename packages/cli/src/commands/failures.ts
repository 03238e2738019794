// Pictures that were left out because of `--keep-going`.

import type { JsonValue } from "@internvit/model-core";

import { CliError } from "../errors.ts";
import type { FailedEvent } from "../events.ts";
import { formatMany } from "../terminal/quantities.ts";

/**
 * One sentence on the pictures that were left out of `total`, or undefined when there are none.
 *
 * @throws CliError `failed-images` when none is left.
 */
export function describeFailures(
  failed: readonly FailedEvent[],
  total: number,
): string | undefined {
  if (failed.length === 0) return undefined;
  const many = formatMany(total, "image");
  if (failed.length === total) {
    const which = total === 1 ? "the only image" : `none of the ${many}`;
    const verb = total === 1 ? "could not" : "could";
    throw new CliError("failed-images", `${which} ${verb} be used; nothing was written`);
  }
  return `${failed.length} of ${many} could not be used and ${failed.length === 1 ? "was" : "were"} left out`;
}

/** The pictures as facts: file, code and message of each. */
export function failureFacts(failed: readonly FailedEvent[]): JsonValue {
  return failed.map(({ file, code, message }) => ({ file, code, message }));
}
