import { defaultSessions } from "@internvit/runtime-node";
import { describe, expect, it } from "vitest";

const GIB = 2 ** 30;
const PARAMETERS_300M = 304_000_000;

describe("defaultSessions", () => {
  it("gives every processor a session, up to four", () => {
    expect(defaultSessions(PARAMETERS_300M, { available: 4, memory: 64 * GIB })).toBe(4);
    expect(defaultSessions(PARAMETERS_300M, { available: 3, memory: 64 * GIB })).toBe(3);
    expect(defaultSessions(PARAMETERS_300M, { available: 64, memory: 512 * GIB })).toBe(4);
  });

  it("takes at most half of the memory, and never less than one session", () => {
    expect(defaultSessions(PARAMETERS_300M, { available: 4, memory: 8 * GIB })).toBe(2);
    expect(defaultSessions(5_900_000_000, { available: 64, memory: 128 * GIB })).toBe(2);
    expect(defaultSessions(5_900_000_000, { available: 4, memory: 8 * GIB })).toBe(1);
  });
});
