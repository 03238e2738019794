// Files among the pictures of a set that are none by their names.

import type { Split } from "@internvit/eval";
import type { PassedOver } from "@internvit/eval/node";

import { formatMany } from "../terminal/quantities.ts";

/** A sentence on such files; none where there are none. */
export function passedOverWarnings(
  { name, passedOver }: { readonly name: string; readonly passedOver: PassedOver },
  { split }: { readonly split: Split },
): readonly string[] {
  const { count, examples } = passedOver;
  if (count === 0) return [];
  const are = count === 1 ? "is" : "are";
  return [
    `${name}: ${formatMany(count, "file")} of ${split} ${are} no picture by name, such as ${examples[0]}`,
  ];
}
