import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import { fixturePath } from "@internvit/test-kit";
import { beforeAll, describe, expect, it } from "vitest";

import { requireFfmpeg } from "./require-ffmpeg.ts";

const PACKAGE = new URL("../../", import.meta.url);

beforeAll(requireFfmpeg);

/** Runs a module in the package's folder; fails where it does not end by itself. */
async function runModule(code: string): Promise<string> {
  const args = ["--input-type=module", "--eval", code];
  const options = { cwd: PACKAGE, timeout: 30_000 };
  return (await promisify(execFile)(process.execPath, args, options)).stdout;
}

describe("a process that reads videos", () => {
  it.each(["mediabunny", "ffmpeg"])(
    "ends by itself after %s, disposed or broken off",
    async (decoder) => {
      const path = JSON.stringify(fixturePath("video", "h264.mp4"));
      const printed = await runModule(`
      import { openVideoFile } from "@internvit/preprocess/video/node";
      const video = await openVideoFile(${path}, { decoder: "${decoder}" });
      for await (const image of video.frames([3, 9, 27])) { console.log(image.data.length); break; }
      const pending = video.frames([1, 2])[Symbol.asyncIterator]();
      await pending.next();
      await video.dispose();
    `);
      expect(printed).toBe(`${96 * 64 * 3}\n`);
    },
  );

  it("survives a file whose packets do not decode", async () => {
    const path = JSON.stringify(fixturePath("video", "h264.mp4"));
    const printed = await runModule(`
      import { readFileSync } from "node:fs";
      import { openVideo } from "@internvit/preprocess/video";
      import { openVideoFile } from "@internvit/preprocess/video/node";
      await (await openVideoFile(${path}, { decoder: "mediabunny" })).dispose();
      const bytes = new Uint8Array(readFileSync(${path}));
      const media = readFileSync(${path}).indexOf("mdat");
      for (let at = media + 1000; at < media + 1400; at++) bytes[at] = (bytes[at] * 7 + 13) & 255;
      const video = await openVideo(bytes, { subject: "bytes" });
      try {
        for await (const image of video.frames(Array.from({ length: 30 }, (_, i) => i))) void image;
      } catch (error) {
        console.log(error.code, error.subject);
      }
      await video.dispose();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log("alive");
    `);
    expect(printed).toBe("malformed bytes\nalive\n");
  });
});

describe("the entry for browsers", () => {
  it("imports mediabunny and nothing of Node, whatever it is called", () => {
    const seen = new Set<string>();
    const outside = new Set<string>();
    const visit = (url: URL): void => {
      if (seen.has(url.href)) return;
      seen.add(url.href);
      const code = readFileSync(url, "utf8");
      for (const [, name] of code.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/gu)) {
        if (name!.startsWith(".")) visit(new URL(name!, url));
        else outside.add(name!);
      }
    };
    visit(new URL("dist/video/index.js", PACKAGE));
    expect([...outside]).toEqual(["mediabunny"]);
    expect([...seen].join()).toContain("/dist/video/mediabunny-decoder.js");
  });
});
