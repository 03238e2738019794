import { readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { fixturePath, type HubServer, type ServedModel, startHub } from "@internvit/test-kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readNpy } from "./read-results.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const PHOTO = fixturePath("images", "photo-444.jpg");
const ENCODER = served("OpenGVLab/tiny-layernorm", "1");
const CHAT = served("OpenGVLab/tiny-chat", "2");

function served(repository: string, digit: string): ServedModel {
  const folder = repository.split("/")[1]!;
  const names = readdirSync(fixturePath(folder)).filter((name) => !name.startsWith("expected"));
  return {
    repository,
    commit: digit.repeat(40),
    files: new Map(names.map((name) => [name, readFileSync(fixturePath(folder, name))])),
  };
}

let hub: HubServer;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  folder = temporaryFolder();
  hub = await startHub([ENCODER, CHAT]);
});
afterEach(async () => {
  await hub.close();
  folder[Symbol.dispose]();
});

function run(...args: string[]) {
  return runCli(args, { env: { HF_ENDPOINT: hub.endpoint, HF_HOME: folder.path, NO_PROXY: "*" } });
}

describe("models of the hub", () => {
  it("are downloaded by name, once, and give the features of the folder", async () => {
    const byName = join(folder.path, "name.npy");
    const byFolder = join(folder.path, "folder.npy");
    const first = await run("embed", PHOTO, "--model", ENCODER.repository, "--output", byName);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("downloaded");
    const requests = hub.log.length;
    const second = await run("embed", PHOTO, "--model", ENCODER.repository, "--output", byName);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(hub.log).toHaveLength(requests);
    const model = fixturePath("tiny-layernorm");
    await run("embed", PHOTO, "--model", model, "--output", byFolder);
    expect(readNpy(byName).data).toEqual(readNpy(byFolder).data);
    const { model: label } = JSON.parse(readFileSync(`${byName}.json`, "utf8"));
    expect(label).toBe(`${ENCODER.repository}@${ENCODER.commit}`);
  });

  it("give visual tokens by name", async () => {
    const output = join(folder.path, "tokens.npy");
    const options = ["--max-tiles", "1", "--output", output];
    expect((await run("tokens", PHOTO, "--model", CHAT.repository, ...options)).code).toBe(0);
    expect(readNpy(output).shape).toEqual([1, 16, 80]);
  });

  it("are listed with what is in the cache", async () => {
    await run("download", ENCODER.repository);
    const [result] = eventsOf(await run("--json", "models"));
    expect(result).toMatchObject({
      command: "models",
      others: [{ repository: ENCODER.repository, commit: ENCODER.commit, parts: "everything" }],
    });
    const text = await run("models");
    expect(text.stdout).toMatch(/OpenGVLab\/InternViT-300M-448px-V2_5 +608\.0 MB .* not cached/);
    expect(text.stdout).toContain("other checkpoints in the cache");
  });

  it("are verified, found damaged, and repaired", async () => {
    const downloaded = await run("--json", "download", ENCODER.repository);
    const { path } = eventsOf(downloaded).at(-1) as { path: string };
    expect((await run("verify", ENCODER.repository)).code).toBe(0);
    const weights = realpathSync(join(path, "model.safetensors"));
    const bytes = readFileSync(weights);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(weights, bytes);
    const damaged = await run("verify", ENCODER.repository);
    expect(damaged.code).toBe(1);
    expect(damaged.stdout + damaged.stderr).toContain("WRONG HASH");
    expect((await run("verify", ENCODER.repository, "--repair")).code).toBe(0);
    expect((await run("verify", path)).code).toBe(0);
  });

  it("say in one line what to do when they cannot be had", async () => {
    const unknown = await run("download", "OpenGVLab/nothing");
    expect(unknown.code).toBe(1);
    expect(unknown.stderr.trim().split("\n")).toHaveLength(1);
    const output = ["--output", join(folder.path, "x.npy")];
    const preset = "InternViT-300M-448px-V2_5";
    const short = await run("embed", PHOTO, "--model", preset, ...output);
    expect(short.stderr).toContain(`OpenGVLab/${preset}`);
    const env = { HF_HUB_OFFLINE: "1", HF_HOME: folder.path };
    const offline = await runCli(["embed", PHOTO, "--model", CHAT.repository, ...output], { env });
    expect(offline.code).toBe(1);
    expect(offline.stderr).toContain("internvit synthesize");
  });
});
