import { expect, it } from "vitest";

import { sortFrameNames } from "../../src/index.ts";

it("sorts by the number after the underscore, not by letters", () => {
  expect(sortFrameNames(["c_10.jpg", "c_9.jpg", "b_100.png", "c_1.jpeg"])).toEqual([
    "c_1.jpeg",
    "c_9.jpg",
    "c_10.jpg",
    "b_100.png",
  ]);
});

it("puts names without such a number first, by the number they end in and then by name", () => {
  expect(sortFrameNames(["a_0.jpg", "f10.jpg", "b.jpg", "f2.jpg", "a.jpg"])).toEqual([
    "a.jpg",
    "b.jpg",
    "f2.jpg",
    "f10.jpg",
    "a_0.jpg",
  ]);
});
