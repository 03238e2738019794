import {
  describeRefusal,
  type ExecutionProvider,
  judgeProvider,
  type MachineFacts,
  type ProbeOutcome,
  type ProviderVerdict,
} from "@internvit/runtime-node";
import { describe, expect, test } from "vitest";

import { libraries, MAC, NVIDIA_MACHINE, PLAIN_MACHINE } from "./machines.ts";

const RIGHT: ProbeOutcome = { kind: "computed", error: 3e-7, attentionError: 2e-7 };

function refused(message: string, details = ""): ProbeOutcome {
  return { kind: "refused", message, details };
}

const CUDA_REFUSED = refused(
  "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library",
  "Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file",
);
const NO_ADAPTER = refused("Failed to get a WebGPU adapter: No supported adapters");

function judge(
  provider: ExecutionProvider,
  facts: MachineFacts,
  outcome?: ProbeOutcome,
): ProviderVerdict {
  const trial = outcome === undefined ? undefined : { outcome, software: false };
  return judgeProvider(provider, { facts, trial });
}

function problemsOf(...input: Parameters<typeof judge>): string {
  const { usable, problems } = judge(...input);
  expect(usable).toBe(false);
  return problems.map(({ reason, advice = "nothing" }) => `${reason} → ${advice}`).join("\n");
}

describe("cuda", () => {
  test("works with card, driver and libraries, and is named by the card", () => {
    expect(judge("cuda", NVIDIA_MACHINE, RIGHT)).toMatchObject({
      usable: true,
      device: "NVIDIA H100 80GB HBM3",
      driver: "NVIDIA 580.159.04",
      fusedAttention: true,
      problems: [],
      notes: [],
    });
  });

  test("without a card only that is said, whatever else is missing", () => {
    expect(problemsOf("cuda", PLAIN_MACHINE)).toBe(
      "no NVIDIA card or driver was found → needed is an NVIDIA card with NVIDIA's driver; a container is started with --gpus all",
    );
  });

  test("names ONNX Runtime's own missing libraries and how to get them, and all else at once", () => {
    const facts = {
      ...NVIDIA_MACHINE,
      onnxruntime: { ...NVIDIA_MACHINE.onnxruntime, files: ["libonnxruntime.so.1"] },
      libraries: libraries("libcudnn.so.9"),
    };
    expect(problemsOf("cuda", facts)).toBe(
      [
        "ONNX Runtime's libonnxruntime_providers_shared.so, libonnxruntime_providers_cuda.so are not installed: the npm package comes without → internvit doctor --fix-cuda",
        "libcudnn.so.9 is missing → install cuDNN 9 for CUDA 12 (apt: libcudnn9-cuda-12)",
      ].join("\n"),
    );
  });

  test("names the version that is wanted where another one is there", () => {
    const facts = {
      ...NVIDIA_MACHINE,
      libraries: libraries("libcudart.so.12", "libcublas.so.12").map((library) =>
        library.name === "libcublas.so.12" ? { ...library, others: ["libcublas.so.13"] } : library,
      ),
    };
    expect(problemsOf("cuda", facts, CUDA_REFUSED)).toBe(
      "libcudart.so.12, libcublas.so.12 are missing (there is libcublas.so.13, which is another version) → install CUDA 12 (apt: cuda-libraries-12-8)",
    );
  });

  test("names the folder where a library is and nobody looks", () => {
    const facts = {
      ...NVIDIA_MACHINE,
      libraries: libraries().map((library) =>
        library.name === "libcublas.so.12"
          ? { ...library, path: "/usr/local/cuda/lib64/libcublas.so.12", reachable: false }
          : library,
      ),
    };
    expect(problemsOf("cuda", facts, CUDA_REFUSED)).toMatch(
      /libcublas\.so\.12 is in \/usr\/local\/cuda\/lib64, .* → set LD_LIBRARY_PATH=\/usr\/local\/cuda\/lib64/,
    );
  });

  test.each([
    [
      "470.57.02",
      /driver is 470\.57\.02; CUDA 12 needs 525\.60\.13 or later → update NVIDIA's driver/,
    ],
    [undefined, /there is an NVIDIA card \(Tesla T4\), but its driver is not running/],
  ])("judges the driver %s", (driver, message) => {
    const facts = { ...NVIDIA_MACHINE, nvidia: { driver, cards: ["Tesla T4"] } };
    expect(problemsOf("cuda", facts, CUDA_REFUSED)).toMatch(message);
  });

  test("tells what the loader said when nothing known is missing", () => {
    const outcome = refused("x", "with error: libcudart.so.12: undefined symbol: cudaFoo");
    expect(problemsOf("cuda", NVIDIA_MACHINE, outcome)).toBe(
      "libcudart.so.12: undefined symbol: cudaFoo → nothing",
    );
  });

  test("TensorRT needs its own libraries on top", () => {
    const facts = { ...NVIDIA_MACHINE, libraries: libraries("libnvinfer.so.10") };
    expect(problemsOf("tensorrt", facts, CUDA_REFUSED)).toMatch(
      /libnvinfer\.so\.10 is missing → install TensorRT 10/,
    );
    expect(judge("cuda", facts, RIGHT).usable).toBe(true);
  });

  test("numbers rounded to TensorFloat-32 are not right, and the variable that asked for it is named", () => {
    const facts = { ...NVIDIA_MACHINE, environment: { NVIDIA_TF32_OVERRIDE: "1" } };
    const outcome: ProbeOutcome = { kind: "computed", error: 4e-4, attentionError: 4e-4 };
    expect(problemsOf("cuda", facts, outcome)).toMatch(/4\.0e-4 .* → unset NVIDIA_TF32_OVERRIDE/);
  });
});

describe("webgpu", () => {
  test("is named by the card behind NVIDIA's Vulkan driver", () => {
    expect(judge("webgpu", NVIDIA_MACHINE, RIGHT)).toMatchObject({
      device: "NVIDIA H100 80GB HBM3",
      driver: "NVIDIA 580.159.04, Vulkan",
      software: false,
    });
  });

  test("says that the fused attention is left out where it is wrong or refused", () => {
    const wrong = judge("webgpu", NVIDIA_MACHINE, { ...RIGHT, attentionError: 0.017 });
    expect(wrong).toMatchObject({ usable: true, fusedAttention: false });
    expect(wrong.notes.join()).toMatch(/gives wrong numbers \(off by 1\.7e-2 .*separate steps/);
    const none = judge("webgpu", NVIDIA_MACHINE, { ...RIGHT, attentionError: undefined });
    expect(none.notes.join()).toMatch(/cannot be used on this device/);
  });

  test.each<[string, MachineFacts, RegExp]>([
    ["the loader", PLAIN_MACHINE, /libvulkan\.so\.1.* is missing → apt-get install libvulkan1/],
    [
      "every driver",
      { ...PLAIN_MACHINE, vulkan: { loader: "/lib/libvulkan.so.1", drivers: [] } },
      /no Vulkan driver is installed → .*mesa-vulkan-drivers/,
    ],
    [
      "the graphics part of NVIDIA's driver",
      { ...NVIDIA_MACHINE, vulkan: { loader: "/lib/libvulkan.so.1", drivers: [] } },
      /no Vulkan driver is installed → .*NVIDIA_DRIVER_CAPABILITIES=all/,
    ],
    ["an adapter", NVIDIA_MACHINE, /no GPU answers to the Vulkan drivers .*: NVIDIA →/],
  ])("says that %s is missing", (_, facts, message) => {
    expect(problemsOf("webgpu", facts, NO_ADAPTER)).toMatch(message);
  });

  test("wrong numbers, a crash and a driver that hangs are reasons, not results", () => {
    const wrong: ProbeOutcome = { kind: "computed", error: 0.3, attentionError: 0.3 };
    expect(problemsOf("webgpu", NVIDIA_MACHINE, wrong)).toMatch(/differ from the CPU's by 3\.0e-1/);
    const crashed = { kind: "crashed", how: "it was ended by SIGSEGV", details: "" } as const;
    expect(problemsOf("webgpu", NVIDIA_MACHINE, crashed)).toMatch(
      /takes the process down: it was ended by SIGSEGV → update/,
    );
    expect(problemsOf("webgpu", NVIDIA_MACHINE, { kind: "hung", seconds: 60 })).toMatch(/60 s/);
  });
});

describe("other platforms", () => {
  test("what is not in the build is said with what is", () => {
    expect(problemsOf("cuda", MAC)).toBe(
      "onnxruntime-node 1.30.0 is not built with cuda for darwin/arm64; it has cpu, coreml, webgpu → cuda needs Linux on x64 with an NVIDIA card",
    );
    expect(judge("webgpu", MAC, RIGHT)).toMatchObject({ usable: true, device: "Apple M2" });
    const arm: MachineFacts = {
      ...PLAIN_MACHINE,
      arch: "arm64",
      onnxruntime: {
        ...PLAIN_MACHINE.onnxruntime,
        build: { kind: "loaded", version: "1.30.0", backends: ["cpu"] },
      },
    };
    expect(problemsOf("webgpu", arm)).toMatch(/not built with webgpu for linux\/arm64; it has cpu/);
  });

  test("Windows has DirectML under our name for it", () => {
    const windows: MachineFacts = {
      ...MAC,
      platform: "win32",
      arch: "x64",
      onnxruntime: {
        ...MAC.onnxruntime,
        build: { kind: "loaded", version: "1.30.0", backends: ["cpu", "dml", "webgpu"] },
      },
    };
    expect(judge("directml", windows, RIGHT).usable).toBe(true);
    expect(problemsOf("coreml", windows)).toMatch(/coreml needs macOS/);
  });

  test.each<[string, Partial<MachineFacts>, RegExp]>([
    ["musl", { libc: { kind: "musl" } }, /musl \(Alpine\) → use an image with glibc/],
    [
      "an old glibc",
      { libc: { kind: "glibc", version: "2.17" } },
      /glibc 2\.28 or later, this system has 2\.17/,
    ],
    ["a Mac with Intel", { platform: "darwin", libc: undefined }, /Macs with an Intel processor/],
  ])("says why ONNX Runtime cannot be loaded on %s", (_, change, message) => {
    const facts: MachineFacts = {
      ...PLAIN_MACHINE,
      onnxruntime: {
        build: { kind: "not-loaded", reason: "cannot open" },
        folder: undefined,
        files: [],
      },
      ...change,
    };
    expect(problemsOf("cpu", facts)).toMatch(message);
  });
});

test("a refusal is one message with every reason and what to do", () => {
  expect(describeRefusal(judge("cuda", PLAIN_MACHINE))).toMatch(
    /^the execution provider cuda cannot be used: no NVIDIA card .* \(needed is .*\)\. `internvit doctor`/,
  );
});
