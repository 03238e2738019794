import type { Value } from "@internvit/model-core";

import { TrainError } from "../errors.ts";

/** A function that finds values by name and throws, with the names that there are, for any other. */
export function lookup(
  kind: string,
  values: Readonly<Record<string, Value>>,
): (name: string) => Value {
  return (name) => {
    if (Object.hasOwn(values, name)) return values[name]!;
    const known = Object.keys(values).join(", ") || "none";
    throw new TrainError("invalid-argument", `there is no ${kind} ${name}; there are: ${known}`, {
      subject: name,
    });
  };
}
