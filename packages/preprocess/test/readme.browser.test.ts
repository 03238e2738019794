import { fetchBytes, fixtureUrl } from "@internvit/test-kit/browser";
import { expect, it } from "vitest";

import * as canvas from "../src/canvas/index.ts";
import * as core from "../src/index.ts";

it("the README's example for browsers runs", async () => {
  const readme = new TextDecoder().decode(
    await fetchBytes(fixtureUrl("..", "packages", "preprocess", "README.md")),
  );
  const code = /```js\n([^]*?)```/u.exec(readme)![1]!;
  // Its imports become parameters, and what it makes is handed out.
  const body = code.replaceAll(/^import .*\n/gmu, "");
  const run = new Function(
    "squareResize",
    "captureFrame",
    "decodeImage",
    "file",
    "video",
    `return (async () => { ${body}; return squares; })();`,
  ) as (...parameters: readonly unknown[]) => Promise<readonly core.RgbImage[]>;
  const file = new File([await fetchBytes(fixtureUrl("images", "exif-rotated.jpg"))], "photo.jpg");
  const video = new VideoFrame(new Uint8Array(96), {
    format: "I420",
    codedWidth: 8,
    codedHeight: 8,
    timestamp: 0,
  });
  const squares = await run(
    core.squareResize,
    canvas.captureFrame,
    canvas.decodeImage,
    file,
    video,
  );
  video.close();
  expect(squares.map(({ width, height }) => [width, height])).toEqual([
    [448, 448],
    [448, 448],
  ]);
});
