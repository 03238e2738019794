// The program in this process: for what ends before anything is computed.

import { main } from "../src/index.ts";

/** The exit code of `internvit` with these arguments, and all that it said. */
export async function runHere(
  args: readonly string[],
): Promise<{ readonly code: number; readonly said: string }> {
  let said = "";
  const stream = { write: (text: string) => (said += text) !== "" };
  const code = await main(args, { stdout: stream, stderr: stream, env: {} });
  return { code, said };
}
