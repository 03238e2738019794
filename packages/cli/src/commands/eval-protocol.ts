// The protocol of `internvit eval`: a name or a file, with what the command line puts in its place.

import { isEvalError } from "@internvit/eval";

import { CliError } from "../errors.ts";
import { readJsonFile } from "./read-json-file.ts";

/** The protocols of a task. */
export interface ProtocolKind<P> {
  readonly named: Readonly<Record<string, P>>;
  readonly parse: (json: unknown, options: { readonly subject: string }) => P;
}

/** Options of `chooseProtocol`. */
export interface ChooseProtocolOptions<P> {
  readonly kind: ProtocolKind<P>;
  /** Puts the values of the command line in the place of the protocol's own. */
  readonly change: (protocol: P) => P;
  readonly signal: AbortSignal;
}

/**
 * The protocol that is run.
 *
 * @throws CliError `usage` for a name that is none and for a value of the command line that no protocol has,
 * `not-found`, `io`, `malformed`; EvalError `invalid-data` for a file that holds no protocol; what `change` throws
 */
export async function chooseProtocol<P>(
  name: string,
  { kind, change, signal }: ChooseProtocolOptions<P>,
): Promise<P> {
  const { named, parse } = kind;
  const known = Object.hasOwn(named, name) ? named[name] : undefined;
  if (known === undefined && !/[./\\]/.test(name)) {
    throw new CliError(
      "usage",
      `--protocol: expected ${Object.keys(named).join(", ")} or a JSON file, found ${JSON.stringify(name)}`,
    );
  }
  const base =
    known ?? parse(await readJsonFile(name, { what: "a protocol", signal }), { subject: name });
  const changed = change(base);
  try {
    return parse(changed, { subject: "the command line" });
  } catch (error) {
    // Before it was changed it was a protocol: the mistake is among the options.
    if (!isEvalError(error)) throw error;
    throw new CliError("usage", error.message, { cause: error });
  }
}

/**
 * A protocol with other values of its own fields, those that are undefined aside.
 *
 * @throws CliError `usage` for a field that it does not have
 */
export function replaceFields<P extends { readonly name: string }>(
  protocol: P,
  changes: Readonly<Record<string, unknown>>,
): P {
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined);
  const wrong = changed.find(([field]) => !Object.hasOwn(protocol, field));
  if (wrong !== undefined) {
    const option = wrong[0].replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new CliError("usage", `--${option}: the protocol ${protocol.name} has none`);
  }
  return { ...protocol, ...Object.fromEntries(changed) };
}

/**
 * Refuses a size that is not made of whole patches.
 *
 * @throws CliError `usage`
 */
export function checkPatches(
  option: string,
  { pixels, config }: { readonly pixels: number; readonly config: { readonly patchSize: number } },
): void {
  const { patchSize } = config;
  if (pixels % patchSize === 0) return;
  throw new CliError(
    "usage",
    `${option}: expected a multiple of the encoder's patch, ${patchSize} pixels, found ${pixels}`,
  );
}
