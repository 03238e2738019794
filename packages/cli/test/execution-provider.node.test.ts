import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

import { readSafetensors } from "./read-results.ts";
import { type Finished, runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
const IMAGE = fixturePath("images", "photo-444.jpg");
const FOREIGN = process.platform === "darwin" ? "directml" : "coreml";
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

function embed(output: string, provider: string, env = {}): Promise<Finished> {
  const args = ["embed", IMAGE, "--model", MODEL, "--output", output, "--image-size", "112"];
  return runCli([...args, "--execution-provider", provider], { env });
}

describe("--execution-provider", () => {
  test("fails with the reason where the named one cannot be used, and writes nothing", async () => {
    using folder = temporaryFolder();
    const { code, stdout, stderr } = await embed(join(folder.path, "f.safetensors"), FOREIGN);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      new RegExp(`^error: the execution provider ${FOREIGN} cannot be used: [^\\n]*\\n$`),
    );
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("refuses a word that is none before anything else", async () => {
    const { code, stderr } = await embed("never.safetensors", "gpu");
    expect(code).toBe(2);
    expect(stderr).toMatch(/--execution-provider: expected auto or cpu or cuda .* found "gpu"/);
  });

  test("auto runs, and says on stderr and in the file what it passed over", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "f.safetensors");
    const { code, stderr } = await embed(path, "auto");
    expect(code).toBe(0);
    const { metadata } = readSafetensors(path);
    const passedOver = JSON.parse(metadata["passed_over"] ?? "[]") as { provider: string }[];
    for (const { provider } of passedOver) expect(stderr).toContain(`${provider} is passed over: `);
    expect(metadata["execution_provider"]).toMatch(/^(cpu|cuda|webgpu|coreml|directml)$/);
  });

  test.runIf(process.platform === "linux" && process.arch === "x64")(
    "webgpu runs on what is named, and the file says on what and with which driver",
    async () => {
      expect(existsSync(SWIFTSHADER), "On Debian: apt-get install chromium libvulkan1").toBe(true);
      using folder = temporaryFolder();
      const path = join(folder.path, "f.safetensors");
      const env = { VK_DRIVER_FILES: SWIFTSHADER, VK_ICD_FILENAMES: SWIFTSHADER };
      const { code, stderr } = await embed(path, "webgpu", env);
      expect(code).toBe(0);
      expect(stderr).toContain("note: webgpu (SwiftShader (software)): the adapter is a program");
      const { metadata } = readSafetensors(path);
      expect(metadata).toMatchObject({
        execution_provider: "webgpu",
        device: "SwiftShader (software)",
        driver: "Vulkan",
      });
      const placement = JSON.parse(metadata["placement"] ?? "{}") as Record<string, number>;
      expect(placement["WebGpuExecutionProvider"]).toBeGreaterThan(100);
      expect(metadata["notes"]).toMatch(/computes on the CPU/);
    },
  );
});
