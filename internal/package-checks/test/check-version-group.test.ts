import { expect, test } from "vitest";

import { checkVersionGroup } from "../src/check-version-group.ts";

test("every published package is in the one group of versions", () => {
  expect(checkVersionGroup({ fixed: [["b", "a"]] }, ["a", "b"])).toEqual([]);
});

test("a published package outside the group, or no package at all, is found", () => {
  expect(checkVersionGroup({ fixed: [["a"]] }, ["a", "b"])).toEqual([
    ".changeset/config.json: fixed: expected a, b, found a",
  ]);
  expect(checkVersionGroup({ fixed: [["a"]] }, [])).toHaveLength(1);
});
