import { isModelError, type ModelError } from "../src/errors.ts";

/** The ModelError that a call throws or rejects with; fails the test for anything else. */
export async function modelErrorOf(call: () => unknown): Promise<ModelError> {
  try {
    await call();
  } catch (error) {
    if (isModelError(error)) return error;
    throw error;
  }
  throw new Error("expected a ModelError, but the call succeeded");
}
