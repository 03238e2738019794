import { readdirSync } from "node:fs";

import { fixturePath, goldenDirectory, goldenPath, readGoldenJson } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { eventsOf, runCli } from "./run-cli.ts";

const checkpoints = readdirSync(goldenDirectory()).filter((name) => name.startsWith("tiny-"));

const SCHEMES: Readonly<Record<string, string>> = {
  "tiny-chat": "chat",
  "tiny-transformers-native": "transformers",
};

describe("inspect", () => {
  it.each(checkpoints)("golden: reports on %s in one line of JSON", async (name) => {
    const finished = await runCli(["inspect", goldenPath(name), "--json"]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const events = eventsOf(finished);
    expect(events).toHaveLength(1);
    const root = readGoldenJson<Record<string, unknown>>(name, "config.json");
    const config = (root["vision_config"] ?? root) as Record<string, unknown>;
    expect(events[0]).toMatchObject({
      event: "result",
      usable: true,
      problem: null,
      namingScheme: SCHEMES[name] ?? "standalone",
      architecture: {
        hiddenSize: config["hidden_size"],
        numHiddenLayers: config["num_hidden_layers"],
      },
      missing: [],
      wrongShape: [],
      wrongDtype: [],
      unexpected: [],
      unlisted: [],
      synthesized: null,
    });
    expect(events[0]!["parameters"]).toBeGreaterThan(10_000);
    expect(Object.keys(events[0]!["dtypes"] as object)).toHaveLength(1);
  });

  it("golden: sees the shards and the other parts of a chat checkpoint", async () => {
    const [report] = eventsOf(await runCli(["inspect", goldenPath("tiny-chat"), "--json"]));
    expect(report).toMatchObject({ prefix: "vision_model.", hasPreprocessorConfig: false });
    expect((report!["files"] as unknown[]).length).toBeGreaterThan(1);
    const ignored = report!["ignored"] as { prefix: string }[];
    expect(ignored.map(({ prefix }) => prefix).toSorted()).toEqual(["language_model.", "mlp1."]);
  });

  it("says the same to people", async () => {
    const finished = await runCli(["inspect", fixturePath("tiny-layernorm")]);
    expect(finished.stdout).toMatch(/^architecture +4 layers, width 64, 4 heads/m);
    expect(finished.stdout).toMatch(/^tensor names +standalone$/m);
    expect(finished.stdout).toMatch(/^usable +yes$/m);
  });
});
