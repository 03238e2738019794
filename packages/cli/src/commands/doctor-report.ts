// What `doctor` says, as text.

import type { Examination, MachineFacts, ProviderVerdict } from "@internvit/runtime-node";

import { formatBytes } from "../terminal/quantities.ts";

/** The machine, then each provider with what is in its way and what to do. */
export function describeExamination({ facts, providers }: Examination): string {
  const width = Math.max(...providers.map(({ provider }) => provider.length));
  return [
    ...machineLines(facts),
    "",
    ...providers.flatMap((verdict) => providerLines(verdict, width)),
  ].join("\n");
}

function machineLines(facts: MachineFacts): readonly string[] {
  const { platform, arch, release, libc, cpu, memory, node, onnxruntime } = facts;
  const { build } = onnxruntime;
  const c = libc === undefined ? "" : libc.kind === "musl" ? ", musl" : `, glibc ${libc.version}`;
  const flags = cpu.flags.length === 0 ? "" : `, ${cpu.flags.join(" ")}`;
  const limit =
    memory.limit === undefined ? "" : `, of which ${formatBytes(memory.limit)} may be used`;
  const cores =
    cpu.usableCores < cpu.cores
      ? `${cpu.usableCores} of ${cpu.cores} logical cores may be used`
      : `${cpu.cores} logical cores`;
  const lines: (readonly [string, string])[] = [
    ["system", `${platform}/${arch} ${release}${c}`],
    ["processor", `${cpu.model}, ${cores}${flags}`],
    ["memory", `${formatBytes(memory.total)}${limit}`],
    ["Node", node],
    [
      "ONNX Runtime",
      build.kind === "loaded"
        ? `onnxruntime-node ${build.version}, built with ${build.backends.join(", ")}`
        : `cannot be loaded: ${build.reason}`,
    ],
    ...graphicsLines(facts),
    ...Object.entries(facts.environment),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

function graphicsLines({
  platform,
  nvidia,
  libraries,
  vulkan,
}: MachineFacts): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  if (platform !== "darwin") {
    const driver =
      nvidia?.driver === undefined ? "its driver is not running" : `driver ${nvidia.driver}`;
    lines.push([
      "NVIDIA",
      nvidia === undefined ? "no card or driver found" : `${nvidia.cards.join(", ")}, ${driver}`,
    ]);
  }
  if (nvidia !== undefined && libraries.length > 0) {
    const there = libraries.map(({ name, path, reachable }) =>
      path === undefined
        ? `${name} missing`
        : reachable
          ? name
          : `${name} (${path}, not looked at)`,
    );
    lines.push(["CUDA", there.join(", ")]);
  }
  if (vulkan !== undefined) {
    const drivers = vulkan.drivers.map(({ name, software }) =>
      software ? `${name} (software)` : name,
    );
    const loader = vulkan.loader ?? "no loader (libvulkan.so.1)";
    lines.push([
      "Vulkan",
      `${loader}; drivers: ${drivers.length === 0 ? "none" : drivers.join(", ")}`,
    ]);
  }
  return lines;
}

function providerLines(verdict: ProviderVerdict, width: number): readonly string[] {
  const { provider, usable, software, device, driver, error, problems, notes } = verdict;
  const indent = " ".repeat(width + 2);
  if (!usable) {
    return [
      `${provider.padEnd(width)}  cannot be used`,
      ...problems.flatMap(({ reason, advice }) => [
        `${indent}- ${reason}`,
        ...(advice === undefined ? [] : [`${indent}  → ${advice}`]),
      ]),
    ];
  }
  const where = [device, driver].filter((name) => name !== undefined).join(", ");
  const state = software ? "works, in software" : "works";
  const exact =
    provider === "cpu" || error === undefined
      ? ""
      : `; within ${error.toExponential(0)} of the CPU`;
  return [
    `${provider.padEnd(width)}  ${state}: ${where}${exact}`,
    ...notes.map((note) => `${indent}- ${note}`),
  ];
}
