// One folder per class, pictures in it and below: torchvision's ImageFolder. Keys are `class/…/name`, classes in the
// order of their labels' folders, pictures sorted within. What is held at once are the names of one class.
//
// Deviations: where the classes are known beforehand, labels come from them and not from the position of the folder,
// so that a folder that is missing shifts no label; hidden files are left out; other files are counted.

import { join } from "node:path";

import { type ClassNames, checkNames, namedClasses } from "./class-names.ts";
import { isPictureName } from "./picture-names.ts";
import type { Listing, ListingOptions } from "./listing.ts";
import { readFolder, walkFolder } from "./walk-folder.ts";

const EXAMPLES = 5;

/**
 * The pictures of the class folders in `path`.
 *
 * @throws EvalError `invalid-data` for a folder that is no class, `not-found` or `io`
 */
export async function listImageFolder(
  path: string,
  options: ListingOptions & { readonly names: ClassNames | undefined },
): Promise<Listing> {
  const { writer, onProgress, signal } = options;
  const { folders, files } = await readFolder(path);
  const names = options.names ?? namedClasses(folders);
  checkNames(folders, { allowed: names, subject: path, what: "class folders" });
  const examples: string[] = [];
  let passedOver = 0;
  const passOver = (key: string): void => {
    passedOver++;
    if (examples.length < EXAMPLES) examples.push(key);
  };
  for (const file of files) passOver(file);
  for (const [done, folder] of folders.entries()) {
    signal?.throwIfAborted();
    const labels = [names.labelOf(folder)!];
    for (const file of await walkFolder(join(path, folder))) {
      const key = `${folder}/${file}`;
      if (isPictureName(file.slice(file.lastIndexOf("/") + 1))) {
        await writer.append({ key, labels, where: [] });
      } else passOver(key);
    }
    onProgress?.({ stage: "list", done: done + 1, total: folders.length, unit: "folders" });
  }
  return {
    classes: names.classes,
    passedOver: { count: passedOver, examples },
  };
}
