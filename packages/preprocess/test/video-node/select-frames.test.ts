import { expect, it } from "vitest";

import { selectExpression, splitSelection } from "../../src/video-node/select-frames.ts";

it("joins neighbours and branches in halves", () => {
  expect(selectExpression([4])).toBe("between(n,4,4)");
  expect(selectExpression([0, 1, 2, 7, 9])).toBe(
    "if(lt(n,7),between(n,0,2),if(lt(n,9),between(n,7,7),between(n,9,9)))",
  );
});

it("splits what would make a command line too long, and loses nothing", () => {
  const even = Array.from({ length: 1234 }, (_, i) => 2 * i);
  const parts = splitSelection(even);
  expect(parts.flat()).toEqual(even);
  expect(parts.map((part) => part.length)).toEqual([500, 500, 234]);
  const dense = Array.from({ length: 5000 }, (_, i) => i);
  expect(splitSelection(dense)).toEqual([dense]);
});
