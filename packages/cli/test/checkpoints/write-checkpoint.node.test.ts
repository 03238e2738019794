import { expect, it } from "vitest";

import { checkFreeSpace } from "../../src/checkpoints/write-checkpoint.ts";
import { temporaryFolder } from "../run-cli.ts";

it("refuses what does not fit on the disk, with both sizes", async () => {
  using folder = temporaryFolder();
  const petabyte = { byteLength: 1e15, target: "model" };
  await expect(checkFreeSpace(folder.path, petabyte)).rejects.toMatchObject({
    name: "CliError",
    code: "no-space",
    message: expect.stringMatching(/^model takes 1000\.0 TB, but only .+ are free on that disk$/),
  });
  await checkFreeSpace(folder.path, { byteLength: 1, target: "model" });
});
