// The Vulkan driver that tests run WebGPU on: SwiftShader, a program that computes on the CPU. It comes with Debian's
// package chromium.

import { existsSync } from "node:fs";

const DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Makes SwiftShader the only Vulkan driver of this process; before the first session, because the driver's loader
 * reads the environment once.
 */
export function useSoftwareVulkan(): void {
  if (process.platform === "linux" && !existsSync(DRIVER)) {
    throw new Error(
      `${DRIVER} is missing: tests of WebGPU need it. On Debian: apt-get install chromium libvulkan1`,
    );
  }
  // The second name is for loaders from before 2023.
  process.env["VK_DRIVER_FILES"] = DRIVER;
  process.env["VK_ICD_FILENAMES"] = DRIVER;
}
