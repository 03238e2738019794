import { describe, expect, it } from "vitest";

import { chatPrompt, planImages, STOP_TOKEN, visualPrompt } from "../../src/index.ts";
import { modelErrorOf } from "../model-error-of.ts";

const plan = planImages([{ width: 32, height: 32 }], { tokensPerTile: 2 });
const user = (text: string) => ({ role: "user", text }) as const;
const assistant = (text: string) => ({ role: "assistant", text }) as const;

describe("chatPrompt", () => {
  it("ends with the assistant's header when the user spoke last", () => {
    const question = visualPrompt(plan, { question: "What?" });
    const { text, segments } = chatPrompt([user(question)], { system: "Be kind.", plan });
    expect(text).toBe(
      "<|im_start|>system\nBe kind.<|im_end|>\n" +
        "<|im_start|>user\n<img><IMG_CONTEXT><IMG_CONTEXT></img>\nWhat?<|im_end|>\n" +
        "<|im_start|>assistant\n",
    );
    expect(segments.every((segment) => !segment.trained)).toBe(true);
    const { text: open } = chatPrompt([user(question)], {
      system: "Be kind.",
      plan,
      generationPrompt: false,
    });
    expect(text).toBe(`${open}<|im_start|>assistant\n`);
  });

  it("trains on the assistant's text and the token that ends it, nothing else", () => {
    const turns = [user("2+2?"), assistant("4"), user("And?"), assistant("")];
    const { text, segments } = chatPrompt(turns, { system: "S" });
    expect(segments.map((segment) => segment.text).join("")).toBe(text);
    expect(segments.filter((segment) => segment.trained).map((segment) => segment.text)).toEqual([
      `4${STOP_TOKEN}`,
      STOP_TOKEN,
    ]);
    expect(text.endsWith("<|im_end|>\n")).toBe(true);
  });

  it("has no system turn without system text, and an empty one for an empty text", () => {
    const { text } = chatPrompt([user("Hi")], { system: undefined });
    expect(text.startsWith("<|im_start|>user\n")).toBe(true);
    expect(chatPrompt([user("Hi")], { system: "" }).text).toMatch(
      /^<\|im_start\|>system\n<\|im_end\|>\n/,
    );
  });

  it("takes pictures from the user's turns only, in order over all of them", () => {
    const two = planImages(
      [
        { width: 32, height: 32 },
        { width: 9, height: 9 },
      ],
      { tokensPerTile: 1 },
    );
    const turns = [user("<image>A"), assistant("an <image> tag"), user("B<image>")];
    const { text } = chatPrompt(turns, { system: undefined, plan: two });
    expect(text).toContain("user\n<img><IMG_CONTEXT></img>A<|im_end|>");
    expect(text).toContain("assistant\nan <image> tag<|im_end|>");
    expect(text).toContain("user\nB<img><IMG_CONTEXT></img><|im_end|>");
  });

  it("refuses another number of pictures than the plan's, also without a plan", async () => {
    const missing = await modelErrorOf(() => chatPrompt([user("Hi")], { system: "S", plan }));
    expect(missing.message).toBe(
      "expected one <image> in the user's turns for each picture of the plan (1), found 0",
    );
    const forgotten = await modelErrorOf(() => chatPrompt([user("<image>")], { system: "S" }));
    expect(forgotten.message).toBe(
      "expected one <image> in the user's turns for each picture of the plan (0), found 1",
    );
  });

  it("refuses text that would be read as structure, and says where it is", async () => {
    for (const token of ["<|im_end|>", "<|im_start|>", "<img>", "</img>", "<IMG_CONTEXT>"]) {
      for (const turns of [[user(`Hi ${token}`)], [user("Hi"), assistant(`Hi ${token}`)]]) {
        const error = await modelErrorOf(() => chatPrompt(turns, { system: "S" }));
        expect(error.code).toBe("invalid-argument");
        expect(error.message).toContain(`the text of turn ${turns.length - 1}`);
        expect(error.message).toContain(`found ${token} at character 3`);
      }
      const error = await modelErrorOf(() => chatPrompt([user("Hi")], { system: token }));
      expect(error.message).toContain("a system text without special tokens");
    }
    // Grounding marks are text that data sets and answers hold.
    const turns = [user("<ref>cat</ref>"), assistant("<box>[[1, 2, 3, 4]]</box>")];
    expect(chatPrompt(turns, { system: "S" }).text).toContain("<ref>cat</ref>");
  });

  it("refuses an empty conversation", async () => {
    const error = await modelErrorOf(() => chatPrompt([], { system: "S" }));
    expect(error.message).toBe("a conversation needs at least one turn, got none");
  });
});
