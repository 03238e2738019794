import { describe, expect, it } from "vitest";

import { main } from "../src/main.ts";

describe("main", () => {
  it("says that an error which nobody foresaw is one, and never throws", async () => {
    let stderr = "";
    const code = await main(["presets"], {
      stdout: {
        write() {
          throw new TypeError("the moon is full");
        },
      },
      stderr: { write: (text) => (stderr += text) },
      env: {},
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: unexpected error: the moon is full \(--verbose .*\)\n$/);
  });
});
