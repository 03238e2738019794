// Vulkan drivers as the Vulkan loader finds them: JSON files in known folders, or those that the environment names.
// https://github.com/KhronosGroup/Vulkan-Loader/blob/main/docs/LoaderDriverInterface.md

import { readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";

import type { VulkanDriver } from "./machine-facts.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** By a part of the library's name. */
const KNOWN: readonly (readonly [RegExp, string, boolean])[] = [
  [/swiftshader/, "SwiftShader", true],
  [/vulkan_lvp/, "lavapipe (Mesa llvmpipe)", true],
  [/mock_icd/, "mock driver", true],
  [/nvidia|GLX_nvidia/i, "NVIDIA", false],
  [/vulkan_nouveau/, "NVIDIA (Mesa NVK)", false],
  [/radeon|amdvlk/, "AMD", false],
  [/intel/, "Intel", false],
  [/asahi/, "Apple (Mesa)", false],
  [/virtio/, "virtio (Venus)", false],
  [/dzn/, "Direct3D 12 (Mesa Dozen)", false],
];

/** What a driver is by its library. */
export function nameVulkanDriver(library: string): Pick<VulkanDriver, "name" | "software"> {
  const known = KNOWN.find(([pattern]) => pattern.test(library));
  return known === undefined
    ? { name: library, software: false }
    : { name: known[1], software: known[2] };
}

/** The files that the loader would read, of an environment. */
async function driverFiles(env: Environment): Promise<readonly string[]> {
  const asked = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"];
  const places =
    asked === undefined ? [...listed(env["VK_ADD_DRIVER_FILES"]), ...folders(env)] : listed(asked);
  const files: string[] = [];
  for (const place of places) {
    const found = await stat(place).catch(() => undefined);
    if (found?.isFile() === true) files.push(place);
    if (found?.isDirectory() !== true) continue;
    const names = await readdir(place);
    files.push(...names.filter((name) => name.endsWith(".json")).map((name) => join(place, name)));
  }
  return files;
}

function listed(value: string | undefined): readonly string[] {
  return (value ?? "").split(":").filter((path) => path !== "");
}

function folders(env: Environment): readonly string[] {
  const home = env["HOME"] ?? homedir();
  const roots = [
    env["XDG_CONFIG_HOME"] ?? join(home, ".config"),
    ...listed(env["XDG_CONFIG_DIRS"] ?? "/etc/xdg"),
    "/etc",
    env["XDG_DATA_HOME"] ?? join(home, ".local/share"),
    ...listed(env["XDG_DATA_DIRS"] ?? "/usr/local/share:/usr/share"),
  ];
  return roots.map((root) => join(root, "vulkan/icd.d"));
}

/** The drivers, those for other processors left out. */
export async function readVulkanDrivers(env: Environment): Promise<readonly VulkanDriver[]> {
  const drivers: VulkanDriver[] = [];
  for (const file of await driverFiles(env)) {
    const library = libraryOf(await readFile(file, "utf8").catch(() => ""));
    if (library === undefined) continue;
    const path =
      library.includes("/") && !isAbsolute(library) ? resolve(dirname(file), library) : library;
    // A name without a path is the system loader's business; a path can be looked at.
    if (isAbsolute(path) && (await stat(path).catch(() => undefined)) === undefined) continue;
    drivers.push({ file, library: path, ...nameVulkanDriver(path) });
  }
  return drivers;
}

function libraryOf(text: string): string | undefined {
  try {
    const parsed = JSON.parse(text) as { readonly ICD?: { readonly library_path?: unknown } };
    const path = parsed.ICD?.library_path;
    return typeof path === "string" ? path : undefined;
  } catch {
    // Whatever it is, the loader skips it too.
    return undefined;
  }
}
