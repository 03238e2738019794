// publint on the tarball, strict; what it merely suggests is a problem too.

import { publint } from "publint";
import { formatMessage } from "publint/utils";

import type { PackedPackage } from "./packed-package.ts";

/** publint's complaints. */
export async function checkPublint({ tarball }: PackedPackage): Promise<readonly string[]> {
  const { messages, pkg } = await publint({
    pack: { tarball: tarball.buffer },
    strict: true,
    level: "suggestion",
  });
  return messages.map(
    (message) =>
      `publint: ${message.code}: ${formatMessage(message, pkg, { color: false }) ?? message.path.join(".")}`,
  );
}
