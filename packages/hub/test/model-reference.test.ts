import { expect, test } from "vitest";

import {
  formatModelReference,
  getRevision,
  isHubError,
  parseModelReference,
} from "../src/index.ts";

test("a repository without a revision means its main branch", () => {
  const reference = parseModelReference("OpenGVLab/InternViT-300M-448px-V2_5");
  expect(reference).toEqual({
    repository: "OpenGVLab/InternViT-300M-448px-V2_5",
    revision: "main",
  });
  expect(formatModelReference(reference!)).toBe("OpenGVLab/InternViT-300M-448px-V2_5");
});

test("branches, tags, pull requests and commits are revisions", () => {
  for (const revision of ["v1.0", "refs/pr/12", "feature/x_y", "a".repeat(40)]) {
    const reference = parseModelReference(`a/b@${revision}`);
    expect(reference).toEqual({ repository: "a/b", revision });
    expect(formatModelReference(reference!)).toBe(`a/b@${revision}`);
  }
});

test("what is no reference, or could lead elsewhere, is undefined", () => {
  const texts = `
    a a/ /a a/b/c ./a/b ../a a/.. a/.b a/b. a-/b -a/b a/b--c a/b.git a\\b/c C:/x a/b?c a/b#c a/%2e%2e
    a/b@ a/b@../x a/b@x/../y a/b@/x a/b@x/ a/b@x//y a/b@.x a/b@x.lock a/b@x\\y a/b@x@y
  `.split(/\s+/);
  texts.push("a b/c", "a/b\n", "a/b@x y", `${"a".repeat(97)}/b`, `a/b@${"x".repeat(201)}`);
  for (const text of texts) expect(parseModelReference(text), text).toBeUndefined();
});

test("a reference that was built by hand is checked before it becomes an address", async () => {
  const error: unknown = await getRevision({ repository: "a/../b", revision: "main" }).catch(
    (error: unknown) => error,
  );
  expect(isHubError(error) && error.code).toBe("invalid-argument");
});
