// `internvit doctor`: what this machine can run the encoder on, what is missing, and what to do.

import type { JsonValue } from "@internvit/model-core";
import { describeRefusal, type Examination, examineMachine } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import type { ProviderChoice } from "../options/provider-option.ts";
import { describeExamination } from "./doctor-report.ts";
import { fixCuda } from "./fix-cuda.ts";

/** What `doctor` is asked for. */
export interface DoctorRequest {
  /** The one that must work. */
  readonly executionProvider: ProviderChoice | undefined;
  readonly fixCuda: boolean;
  /** With `fixCuda`: where the package comes from in place of nuget.org, and what its hash is. */
  readonly from: string | undefined;
  readonly sha512: string | undefined;
}

/** Says what it found and returns the exit code: 1 when the provider that was asked for cannot be used. */
export async function doctor(request: DoctorRequest, context: CommandContext): Promise<number> {
  const { report, signal } = context;
  const { from, sha512 } = request;
  if ((from !== undefined || sha512 !== undefined) && !request.fixCuda) {
    throw new CliError("usage", "--from and --sha512 go with --fix-cuda");
  }
  const fixed = request.fixCuda ? await fixCuda({ from, sha512 }, context) : undefined;
  const examination = await examineMachine({ signal });
  const problem = problemOf(examination, request.executionProvider);
  report({
    event: "result",
    command: "doctor",
    facts: { ...toFacts(examination), ...(fixed === undefined ? {} : { fixed: { ...fixed } }) },
    text: describeExamination(examination),
    ...(problem === undefined ? {} : { problem }),
  });
  return problem === undefined ? 0 : 1;
}

function problemOf(
  { providers }: Examination,
  wanted: ProviderChoice | undefined,
): string | undefined {
  const verdict = providers.find(({ provider }) => provider === wanted);
  return verdict === undefined || verdict.usable ? undefined : describeRefusal(verdict);
}

/** Plain data already; what is undefined is left out. */
function toFacts({ facts, providers }: Examination): { readonly [key: string]: JsonValue } {
  return JSON.parse(JSON.stringify({ machine: facts, providers })) as Record<string, JsonValue>;
}
