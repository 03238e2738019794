import { describe, expect, it } from "vitest";

import {
  expandImagePlaceholders,
  imagePlaceholder,
  planImages,
  planVideo,
  SPECIAL_TOKENS,
  visualPrompt,
} from "../../src/index.ts";
import { modelErrorOf } from "../model-error-of.ts";

const ICON = { width: 32, height: 32 };
const one = planImages([ICON], { tokensPerTile: 2 });
const two = planImages([ICON, { width: 900, height: 450 }], { tokensPerTile: 1, maxTiles: 4 });
const video = planVideo([ICON, ICON], { tokensPerTile: 1 });

describe("SPECIAL_TOKENS", () => {
  it("stand in the tokenizer's order", () => {
    expect(SPECIAL_TOKENS.join(" ")).toBe(
      "<img> </img> <IMG_CONTEXT> <quad> </quad> <ref> </ref> <box> </box>",
    );
  });
});

describe("imagePlaceholder", () => {
  it("has one context token for each visual token", () => {
    expect(imagePlaceholder(3)).toBe("<img><IMG_CONTEXT><IMG_CONTEXT><IMG_CONTEXT></img>");
  });

  it("refuses a picture without tokens", async () => {
    for (const count of [0, -1, 1.5]) {
      const error = await modelErrorOf(() => imagePlaceholder(count));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain(`got ${count}`);
    }
  });
});

describe("visualPrompt", () => {
  it("puts a single picture on a line without label", () => {
    expect(visualPrompt(one, { question: "What?" })).toBe("<image>\nWhat?");
    expect(visualPrompt(one)).toBe("<image>\n");
  });

  it("numbers several pictures, with or without a hyphen", () => {
    expect(visualPrompt(two, { question: "What?" })).toBe(
      "Image-1: <image>\nImage-2: <image>\nWhat?",
    );
    expect(visualPrompt(two, { question: "What?", labelStyle: "plain" })).toBe(
      "Image1: <image>\nImage2: <image>\nWhat?",
    );
  });

  it("numbers the frames of a video, also a single one", () => {
    expect(visualPrompt(video, { question: "What?" })).toBe(
      "Frame-1: <image>\nFrame-2: <image>\nWhat?",
    );
    expect(visualPrompt(video, { labelStyle: "plain" })).toBe("Frame1: <image>\nFrame2: <image>\n");
    const still = planVideo([ICON], { tokensPerTile: 1 });
    expect(visualPrompt(still, { question: "What?" })).toBe("Frame-1: <image>\nWhat?");
  });

  it("keeps a question that says where the pictures stand", async () => {
    const question = "Is <image> like <image>?";
    expect(visualPrompt(two, { question })).toBe(question);
    const error = await modelErrorOf(() => visualPrompt(one, { question }));
    expect(error.message).toBe(
      "expected one <image> in the question for each picture of the plan (1), found 2",
    );
  });

  it("puts the frames where the question says <video>", async () => {
    const question = "Look.\n<video>\nWhat?";
    expect(visualPrompt(video, { question })).toBe(
      "Look.\nFrame-1: <image>\nFrame-2: <image>\nWhat?",
    );
    const error = await modelErrorOf(() => visualPrompt(video, { question: "<video><video>" }));
    expect(error.message).toBe("expected at most one <video> in the question, found 2");
    // Pictures are not a video: there the word means nothing.
    expect(visualPrompt(one, { question: "<video>?" })).toBe("<image>\n<video>?");
  });

  it("refuses a question with a token that marks a picture", async () => {
    const error = await modelErrorOf(() => visualPrompt(one, { question: "Say <IMG_CONTEXT>" }));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toBe(
      "expected a question without special tokens, found <IMG_CONTEXT> at character 4: " +
        "it would be read as structure, not as text",
    );
  });
});

describe("expandImagePlaceholders", () => {
  it("replaces from left to right, with the tokens of each picture's tiles", () => {
    expect(two.pictures.map((picture) => picture.plan.tileCount)).toEqual([1, 3]);
    expect(expandImagePlaceholders("a<image>b<image>", two)).toBe(
      "a<img><IMG_CONTEXT></img>b<img><IMG_CONTEXT><IMG_CONTEXT><IMG_CONTEXT></img>",
    );
  });

  it("has as many context tokens as the plan has visual tokens", () => {
    for (const plan of [one, two, video]) {
      const text = expandImagePlaceholders(visualPrompt(plan, { question: "?" }), plan);
      expect(text.split("<IMG_CONTEXT>").length - 1).toBe(plan.tokenCount);
    }
  });

  it("refuses more or fewer placeholders than pictures, and says both numbers", async () => {
    for (const [text, found] of [
      ["nothing", 0],
      ["<image>", 1],
      ["<image><image><image>", 3],
    ] as const) {
      const error = await modelErrorOf(() => expandImagePlaceholders(text, two));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toBe(
        `expected one <image> in the text for each picture of the plan (2), found ${found}`,
      );
    }
  });

  it("refuses text that is already expanded", async () => {
    const expanded = expandImagePlaceholders("<image>", one);
    const error = await modelErrorOf(() => expandImagePlaceholders(`${expanded}<image>`, one));
    expect(error.message).toContain("found <img> at character 0");
  });
});
