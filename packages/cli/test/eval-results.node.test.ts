import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { encodeResult } from "@internvit/eval";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { sampleResult } from "../../eval/test/results/sample-result.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

/** A result in a file. */
function saved(name: string, skill = 2): string {
  const path = join(folder.path, name);
  writeFileSync(path, encodeResult(sampleResult([{ name: "cifar10", length: 200, skill }])));
  return path;
}

describe("eval compare", () => {
  it("shows the scores of two results and how they differ", async () => {
    const [first, second] = [saved("a.json"), saved("b.json", 6)];
    const { code, stdout } = await runCli(["eval", "compare", first, second]);
    expect(code).toBe(0);
    expect(stdout).toContain("beyond chance");
    expect(stdout).toContain("Model, protocol, data and environment are the same.");
  });

  it("says the same in JSON", async () => {
    const [first, second] = [saved("a.json"), saved("results.json")];
    const finished = await runCli(["eval", "compare", first, folder.path, "--json"]);
    expect(finished.code).toBe(0);
    const [event] = eventsOf(finished);
    expect(event).toMatchObject({
      event: "result",
      command: "eval compare",
      first,
      second: folder.path,
      comparison: { differences: [], sets: [{ name: "cifar10", significance: "same" }] },
    });
    expect(second).toContain(folder.path);
  });

  it("names a file that is missing, no JSON or no result", async () => {
    const first = saved("a.json");
    const missing = await runCli(["eval", "compare", first, join(folder.path, "none.json")]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("found nothing") });
    const other = join(folder.path, "other.json");
    writeFileSync(other, "{}");
    const wrong = await runCli(["eval", "compare", first, other]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("other.json: not a result of an evaluation; format:");
  });
});

describe("eval report", () => {
  it("prints one result as a table and writes it as a page", async () => {
    const html = join(folder.path, "page.html");
    const { code, stdout } = await runCli(["eval", "report", saved("a.json"), "--html", html]);
    expect(code).toBe(0);
    expect(stdout).toContain("cifar10");
    expect(stdout).toContain(`wrote ${html}`);
    expect(readFileSync(html, "utf8")).toMatch(/^<!doctype html>/);
  });

  it("prints several results in Markdown, and a page of several is refused", async () => {
    const both = [saved("a.json"), saved("b.json", 6)];
    const { stdout } = await runCli(["eval", "report", ...both]);
    expect(stdout.split("\n").filter((line) => line.startsWith("| InternViT"))).toHaveLength(2);
    const refused = await runCli(["eval", "report", ...both, "--html", "page.html"]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("found 2") });
  });

  it("refuses pictures of a set that was not scored", async () => {
    const options = ["--html", join(folder.path, "p.html"), "--data", `other=${folder.path}`];
    const { code, stderr } = await runCli(["eval", "report", saved("a.json"), ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain("--data: expected one of cifar10, found other");
  });
});
