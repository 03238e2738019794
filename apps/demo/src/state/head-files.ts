// A head to take along and to bring back.

import { type ReadonlySignal, signal } from "@preact/signals";

import { decodeHead, encodeHead } from "../model/head-file.ts";
import { announce } from "./announcements.ts";
import { classes, LONGEST_NAME, nameOf, replaceClasses } from "./classes.ts";
import { downloadBlob } from "./download.ts";
import { adoptHead, headInUse } from "./teaching.ts";

const problem = signal<string>();

/** Why the last file could not be loaded. */
export const headFileError: ReadonlySignal<string | undefined> = problem;

/** Downloads the head in use, with the names that its classes have now. */
export function downloadHead(): void {
  const used = headInUse.peek();
  if (used === undefined) return;
  const names = new Map(classes.peek().map((taught) => [taught.id, nameOf(taught)]));
  const head = { ...used.head, classes: used.classIds.map((id) => names.get(id)!) };
  const model = used.from.kind === "examples" ? used.from.model.name : used.from.modelName;
  const name = head.classes
    .join("-")
    .replaceAll(/[^\p{L}\p{N}-]+/gu, "_")
    .slice(0, LONGEST_NAME);
  downloadBlob(encodeHead({ head, model }), `${name}.safetensors`);
}

/** Uses the head in a file; its classes replace those that are there. */
export async function loadHead(file: File): Promise<void> {
  problem.value = undefined;
  try {
    const { head, model } = await decodeHead(file, { name: file.name });
    const classIds = replaceClasses(head.classes).map(({ id }) => id);
    adoptHead({ head, classIds, from: { kind: "file", name: file.name, modelName: model } });
    announce(`${file.name}: tells ${head.classes.join(", ")}`);
  } catch (error) {
    problem.value = (error as Error).message;
  }
}
