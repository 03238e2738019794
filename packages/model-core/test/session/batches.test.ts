import { expect, test } from "vitest";

import { joinBatches, splitBatches } from "../../src/session/batches.ts";
import type { Tensor } from "../../src/tensor.ts";

const values: Tensor<"float32"> = {
  dtype: "float32",
  shape: [5, 2],
  data: Float32Array.from({ length: 10 }, (_, i) => i),
};

test.each([1, 2, 4, 5, 9])("batches of %i join to what they were split from", (size) => {
  const joined = joinBatches(5);
  for (const batch of splitBatches(values, size)) {
    joined.add({ last_hidden_state: batch, pooler_output: batch });
  }
  expect(joined.outputs).toEqual({ last_hidden_state: values, pooler_output: values });
});

test("a batch is a copy, and one that is all of it is not copied again", () => {
  const [batch] = splitBatches(values, 5);
  expect(batch?.data.buffer).not.toBe(values.data.buffer);
  const joined = joinBatches(5);
  joined.add({ pooler_output: batch as Tensor });
  expect(joined.outputs.pooler_output).toBe(batch);
});
