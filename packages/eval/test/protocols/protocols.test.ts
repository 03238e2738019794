import {
  canonicalJson,
  differences,
  hashProtocol,
  NAMED_PROTOCOLS,
  parseProtocol,
  type Protocol,
} from "@internvit/eval";
import { describe, expect, test } from "vitest";

const REPORT = NAMED_PROTOCOLS["report-linear"]!;
const json = (protocol: Protocol): unknown => JSON.parse(JSON.stringify(protocol));

describe("protocols", () => {
  test.each(Object.entries(NAMED_PROTOCOLS))("%s is what its JSON is read as", (name, protocol) => {
    expect(protocol.name).toBe(name);
    expect(parseProtocol(json(protocol), { subject: name })).toEqual(protocol);
  });

  test("the report's two differ in the head only", () => {
    const attention = NAMED_PROTOCOLS["report-attention-pooling"]!;
    expect(differences(attention, REPORT)).toEqual([
      { field: "head", own: "attention-pooling", named: "linear" },
    ]);
  });

  test("differences name the fields that are others, however deep", () => {
    const own = {
      ...REPORT,
      name: "mine",
      epochs: 2,
      optimizer: { ...(REPORT as { optimizer: object }).optimizer, momentum: 0.8 },
    } as Protocol;
    expect(differences(own, REPORT)).toEqual([
      { field: "epochs", own: 2, named: 10 },
      { field: "optimizer.momentum", own: 0.8, named: 0.9 },
    ]);
    expect(differences(REPORT, REPORT)).toEqual([]);
  });

  test("the hash is that of the values, whatever the order of the keys", async () => {
    const reversed = Object.fromEntries(Object.entries(REPORT).toReversed()) as unknown as Protocol;
    expect(await hashProtocol(reversed)).toBe(await hashProtocol(REPORT));
    expect(await hashProtocol({ ...REPORT, seed: 1 })).not.toBe(await hashProtocol(REPORT));
    expect(canonicalJson({ b: [1, { d: 2, c: 3 }], a: null })).toBe(
      '{"a":null,"b":[1,{"c":3,"d":2}]}',
    );
  });

  // A change of a named protocol is a new version of its name: published numbers refer to the hash.
  test("named protocols stay what they are", async () => {
    const hashes = await Promise.all(
      Object.entries(NAMED_PROTOCOLS).map(async ([name, protocol]) => [
        name,
        (await hashProtocol(protocol)).slice(0, 12),
      ]),
    );
    expect(Object.fromEntries(hashes)).toMatchInlineSnapshot(`
      {
        "fast-linear": "32ea1d954692",
        "few-shot": "7fdc65f3cd27",
        "knn": "9299281952e1",
        "report-attention-pooling": "432efa18c194",
        "report-linear": "d2bc98e95c43",
      }
    `);
  });

  test.each([
    ["an odd batch", { batch: 1023 }, /batch: an even number/],
    ["a field that no protocol has", { color_jitter: 0.4 }, /color_jitter/],
    [
      "a probability above 1",
      { augmentation: { crop: { scale: [0.08, 1], ratio: [0.75, 1.3] }, flip: 2 } },
      /augmentation\.flip/,
    ],
    ["another version", { version: 2 }, /version/],
    ["a kind that is not known", { kind: "finetune" }, /kind/],
  ])("%s is refused by name", (_, change, message) => {
    expect(() =>
      parseProtocol({ ...(json(REPORT) as object), ...change }, { subject: "my.json" }),
    ).toThrow(message);
    expect(() =>
      parseProtocol({ ...(json(REPORT) as object), ...change }, { subject: "my.json" }),
    ).toThrow(/my\.json/);
  });
});
