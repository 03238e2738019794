// NVIDIA's driver and cards, from the files that the kernel driver shows; where they are missing (WSL, other systems)
// from nvidia-smi.

import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { NvidiaFacts } from "./machine-facts.ts";

const DRIVER = "/proc/driver/nvidia";
const PCI = "/sys/bus/pci/devices";
const NVIDIA_VENDOR = "0x10de";

/** What is known of NVIDIA cards; undefined when there are none. */
export async function readNvidia(platform: string): Promise<NvidiaFacts | undefined> {
  if (platform === "darwin") return undefined;
  if (platform === "linux") {
    const fromKernel = await readKernelFiles();
    if (fromKernel !== undefined) return fromKernel;
  }
  const asked = await askTool();
  if (asked !== undefined) return asked;
  const cards = platform === "linux" ? await countCards() : 0;
  return cards === 0
    ? undefined
    : { driver: undefined, cards: Array.from({ length: cards }, () => "NVIDIA card") };
}

async function readKernelFiles(): Promise<NvidiaFacts | undefined> {
  const version = await readFile(join(DRIVER, "version"), "utf8").catch(() => undefined);
  if (version === undefined) return undefined;
  const folders = await readdir(join(DRIVER, "gpus")).catch(() => []);
  const cards: string[] = [];
  for (const folder of folders) {
    const text = await readFile(join(DRIVER, "gpus", folder, "information"), "utf8").catch(
      () => "",
    );
    cards.push(/^Model:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? "NVIDIA card");
  }
  return { driver: parseDriverVersion(version), cards };
}

/** Of `NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.159.04  …`. */
export function parseDriverVersion(text: string): string | undefined {
  return /Kernel Module[^\n]*?\s(\d{2,4}\.\d+(?:\.\d+)?)\s/.exec(text)?.[1];
}

async function askTool(): Promise<NvidiaFacts | undefined> {
  const query = ["--query-gpu=driver_version,name", "--format=csv,noheader"];
  const answer = await promisify(execFile)("nvidia-smi", query, { timeout: 10_000 }).catch(
    () => undefined,
  );
  const lines = answer?.stdout.split("\n").filter((line) => line.includes(",")) ?? [];
  if (lines.length === 0) return undefined;
  const rows = lines.map((line) => line.split(",").map((field) => field.trim()));
  return { driver: rows[0]?.[0], cards: rows.map(([, name]) => name ?? "NVIDIA card") };
}

/** Cards on the PCI bus: there may be one without a driver. */
async function countCards(): Promise<number> {
  let count = 0;
  for (const device of await readdir(PCI).catch(() => [])) {
    const read = (file: string): Promise<string> =>
      readFile(join(PCI, device, file), "utf8").then(
        (text) => text.trim(),
        () => "",
      );
    const isDisplay = (await read("class")).startsWith("0x03");
    if (isDisplay && (await read("vendor")) === NVIDIA_VENDOR) count++;
  }
  return count;
}
