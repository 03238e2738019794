import { describe, expect, it } from "vitest";
import { scanJson } from "../src/json-structure.ts";

describe("scanJson", () => {
  it.each([
    ["1", { keys: 0, containers: 0, depth: 0 }],
    ["{}", { keys: 0, containers: 1, depth: 1 }],
    ['{"a": 1, "a": [2, {"b": 3}]}', { keys: 3, containers: 3, depth: 3 }],
    ['["{:[", "\\":{", "\\\\", {"\\\\\\"": []}]', { keys: 1, containers: 3, depth: 3 }],
    ["[[], [], []]", { keys: 0, containers: 4, depth: 2 }],
  ])("measures %s", (text, expected) => {
    expect(scanJson(text)).toEqual(expected);
    // What is measured is JSON.
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });
});
