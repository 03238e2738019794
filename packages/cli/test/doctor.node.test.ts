import { describe, expect, test } from "vitest";

import { describeExamination } from "../src/commands/doctor-report.ts";
import { judgeProvider, type MachineFacts } from "@internvit/runtime-node";
import { eventsOf, runCli } from "./run-cli.ts";

const FOREIGN = process.platform === "darwin" ? "directml" : "coreml";

describe("doctor", () => {
  test("says what the machine is, and that the CPU works", async () => {
    const { code, stdout, stderr } = await runCli(["doctor"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^system {2,}\w+\/\w+ /);
    expect(stdout).toMatch(/^ONNX Runtime +onnxruntime-node \d+\.\d+\.\d+, built with cpu/m);
    expect(stdout).toMatch(/^cpu +works: /m);
    expect(stdout).toMatch(new RegExp(`^${FOREIGN} +cannot be used\n +- .*not built with`, "m"));
  });

  test("exits with 1 and the reason when what was asked for cannot be used, with 0 when it can", async () => {
    const [foreign, cpu] = await Promise.all(
      [FOREIGN, "cpu"].map((name) => runCli(["doctor", "--execution-provider", name])),
    );
    expect(foreign?.code).toBe(1);
    expect(foreign?.stderr).toMatch(new RegExp(`^error: the execution provider ${FOREIGN} cannot`));
    expect(cpu).toMatchObject({ code: 0, stderr: "" });
  });

  test("tells programs the same as facts", async () => {
    const finished = await runCli(["doctor", "--json"]);
    const [event] = eventsOf(finished);
    expect(event).toMatchObject({
      event: "result",
      command: "doctor",
      machine: { platform: process.platform, arch: process.arch, node: process.versions.node },
    });
    const providers = event?.["providers"] as readonly Record<string, unknown>[];
    expect(providers.map(({ provider }) => provider)).toEqual([
      "cpu",
      "cuda",
      "tensorrt",
      "webgpu",
      "coreml",
      "directml",
    ]);
    expect(providers[0]).toMatchObject({ provider: "cpu", usable: true, problems: [] });
  });
});

test("a machine with a card reads as one", () => {
  const facts: MachineFacts = {
    platform: "linux",
    arch: "x64",
    release: "6.1.0",
    libc: { kind: "glibc", version: "2.36" },
    cpu: { model: "AMD EPYC", cores: 32, usableCores: 8, flags: ["avx2", "avx512f"] },
    memory: { total: 128e9, limit: 16e9 },
    node: "22.11.0",
    onnxruntime: {
      build: { kind: "loaded", version: "1.30.0", backends: ["cpu", "webgpu", "cuda", "tensorrt"] },
      folder: "/app/bin",
      files: ["libonnxruntime.so.1"],
    },
    nvidia: { driver: "470.57.02", cards: ["Tesla T4"] },
    libraries: [
      { name: "libcuda.so.1", path: "/usr/lib/libcuda.so.1", reachable: true, others: [] },
      { name: "libcudnn.so.9", path: undefined, reachable: false, others: ["libcudnn.so.8"] },
    ],
    vulkan: { loader: undefined, drivers: [] },
    environment: { CUDA_VISIBLE_DEVICES: "0" },
  };
  const outcome = { kind: "computed", error: 0, attentionError: 0 } as const;
  const providers = [
    judgeProvider("cpu", { facts, trial: { outcome, software: false } }),
    judgeProvider("cuda", { facts, trial: undefined }),
  ];
  expect(`\n${describeExamination({ facts, providers })}\n`).toBe(`
system                linux/x64 6.1.0, glibc 2.36
processor             AMD EPYC, 8 of 32 logical cores may be used, avx2 avx512f
memory                128.0 GB, of which 16.0 GB may be used
Node                  22.11.0
ONNX Runtime          onnxruntime-node 1.30.0, built with cpu, webgpu, cuda, tensorrt
NVIDIA                Tesla T4, driver 470.57.02
CUDA                  libcuda.so.1, libcudnn.so.9 missing
Vulkan                no loader (libvulkan.so.1); drivers: none
CUDA_VISIBLE_DEVICES  0

cpu   works: AMD EPYC
cuda  cannot be used
      - ONNX Runtime's libonnxruntime_providers_shared.so, libonnxruntime_providers_cuda.so are not installed: the npm package comes without
        → internvit doctor --fix-cuda
      - NVIDIA's driver is 470.57.02; CUDA 12 needs 525.60.13 or later
        → update NVIDIA's driver
      - libcudnn.so.9 is missing (there is libcudnn.so.8, which is another version)
        → install cuDNN 9 for CUDA 12 (apt: libcudnn9-cuda-12)
`);
});
