import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { fixturePath, runReadmeExamples } from "@internvit/test-kit";
import { afterEach, beforeEach, expect, test } from "vitest";

import { ENCODER, temporaryFolder } from "./models.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** The test's hub in a process of its own: this one is blocked while an example runs. */
async function serveElsewhere(): Promise<{ readonly endpoint: string; stop(): void }> {
  const { repository, commit } = ENCODER;
  const names = ["config.json", "preprocessor_config.json", "model.safetensors"];
  const program = `
    import { readFileSync } from "node:fs";
    const { startHub } = await import(process.argv[1]);
    const files = new Map(process.argv.slice(3).map((name) => [name, readFileSync(process.argv[2] + "/" + name)]));
    const repository = ${JSON.stringify(repository)};
    console.log((await startHub([{ repository, commit: "${commit}", files }])).endpoint);
  `;
  const server = pathToFileURL(createRequire(import.meta.url).resolve("@internvit/test-kit")).href;
  const args = ["--input-type=module", "--eval", program, server, fixturePath("tiny-layernorm")];
  const child = spawn(process.execPath, [...args, ...names], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [endpoint] = (await once(child.stdout, "data")) as [Buffer];
  return { endpoint: endpoint.toString().trim(), stop: () => child.kill() };
}

test("the README's example runs", async () => {
  const { endpoint, stop } = await serveElsewhere();
  const before = { ...process.env };
  Object.assign(process.env, {
    HF_ENDPOINT: endpoint,
    HF_HOME: folder.path,
    NO_PROXY: "127.0.0.1",
  });
  try {
    const [printed] = runReadmeExamples(new URL("../README.md", import.meta.url), {
      "OpenGVLab/InternViT-300M-448px-V2_5": ENCODER.repository,
    });
    const path = join(
      folder.path,
      "hub/models--OpenGVLab--tiny-layernorm/snapshots",
      ENCODER.commit,
    );
    expect(printed).toBe(`${path} 3 files\nevery hash is right\n`);
  } finally {
    stop();
    for (const name of ["HF_ENDPOINT", "HF_HOME", "NO_PROXY"]) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
