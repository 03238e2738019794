import { placeOf, reasonOf, type UnreadablePicture } from "@internvit/eval";
import { expect, test } from "vitest";

function picture(message: string): UnreadablePicture {
  return { set: "pets", origin: "/data/pets", index: 3, key: "cat/a.jpg", message };
}

test("a picture is at its set's place", () => {
  expect(placeOf(picture(""))).toBe("/data/pets/cat/a.jpg");
});

test.each([
  ["cat/a.jpg: expected a whole JPEG image", "expected a whole JPEG image"],
  ["/data/pets/cat/a.jpg cannot be read: no permission", "cannot be read: no permission"],
  ["/data/pets/cat/a.jpg: expected a whole JPEG image", "expected a whole JPEG image"],
  // Another file is what is wrong, such as its labels.
  ["/data/labels/cat/a.png: expected labels", "/data/labels/cat/a.png: expected labels"],
])("the reason in %j does not name the picture again", (message, reason) => {
  expect(reasonOf(picture(message))).toBe(reason);
});
