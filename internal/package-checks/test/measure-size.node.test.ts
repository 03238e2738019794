import { expect, test } from "vitest";

import { measureSize } from "../src/measure-size.ts";
import { writePackage } from "./write-package.ts";

const BIG = `export const big = "${Array.from({ length: 4000 }, (_, i) => ((i * 7919) % 36).toString(36)).join("")}";`;

async function measure(names: readonly string[] | "*") {
  const directory = await writePackage({
    files: {
      "lib/index.js": 'export { big } from "./big.js";\nexport { twice } from "./twice.js";\n',
      "lib/big.js": BIG,
    },
  });
  return measureSize({ purpose: "a test", imports: { sound: names }, limit: 0 }, directory);
}

test("what is not imported costs nothing", async () => {
  const [small, all] = [await measure(["twice"]), await measure("*")];
  expect(small.minified).toBeLessThan(100);
  expect(all.minified - small.minified).toBeGreaterThan(4000);
  expect(all.gzip).toBeLessThan(all.minified);
});

test("a name that is not exported is refused, not measured as nothing", async () => {
  await expect(measure(["thrice"])).rejects.toThrow(/thrice/);
});
