// The protocol of `internvit eval`: a name or a file, with what the command line puts in its place.

import { NAMED_PROTOCOLS, parseProtocol, type Protocol } from "@internvit/eval";

import { CliError } from "../errors.ts";
import { readJsonFile } from "./read-json-file.ts";

/** What takes the place of a protocol's own values; undefined: nothing. */
export interface ProtocolChanges {
  readonly epochs: number | undefined;
  readonly batch: number | undefined;
  readonly seed: number | undefined;
  readonly imageSize: number | undefined;
}

/**
 * The protocol that is run.
 *
 * @throws CliError `usage` for a name that is none, `not-found`, `io`, `malformed`; EvalError `invalid-data` for a value
 * that no protocol has
 */
export async function chooseProtocol(
  name: string,
  { changes, signal }: { readonly changes: ProtocolChanges; readonly signal: AbortSignal },
): Promise<Protocol> {
  const named = Object.hasOwn(NAMED_PROTOCOLS, name) ? NAMED_PROTOCOLS[name] : undefined;
  if (named === undefined && !/[./\\]/.test(name)) {
    throw new CliError(
      "usage",
      `--protocol: expected ${Object.keys(NAMED_PROTOCOLS).join(", ")} or a JSON file, found ${JSON.stringify(name)}`,
    );
  }
  const base =
    named ??
    parseProtocol(await readJsonFile(name, { what: "a protocol", signal }), { subject: name });
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined);
  const wrong = changed.find(([field]) => !Object.hasOwn(base, field));
  if (wrong !== undefined) {
    throw new CliError("usage", `--${wrong[0]}: the protocol ${base.name} has none`);
  }
  return parseProtocol(
    { ...base, ...Object.fromEntries(changed) },
    { subject: "the command line" },
  );
}
