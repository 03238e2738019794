import { parseDataSpec } from "@internvit/eval";
import { expect, test } from "vitest";

test("a data set is named by name=path, or by the last part of its path", () => {
  const cases = [
    ["imagenet-a=/data/imagenet-a", "imagenet-a", "/data/imagenet-a"],
    ["mine=/data/a=b", "mine", "/data/a=b"],
    ["/data/a=b/", "a=b", "/data/a=b/"],
    ["./flowers/", "flowers", "./flowers/"],
    ["data/labels.csv", "labels", "data/labels.csv"],
    ["C:\\data\\birds", "birds", "C:\\data\\birds"],
  ] as const;
  for (const [text, name, path] of cases) expect(parseDataSpec(text)).toEqual({ name, path });
});

test("what is none is refused", () => {
  for (const text of ["", "=/data", "/", "."]) {
    expect(() => parseDataSpec(text)).toThrow(/expected a data set as name=path/);
  }
});
