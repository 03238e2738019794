import { isRuntimeError, RuntimeError } from "../../src/index.ts";
import { createRequests } from "../../src/session/index.ts";
import { expect, test } from "vitest";

type Reply =
  | { readonly kind: "done"; readonly id: number }
  | {
      readonly kind: "error";
      readonly id: number;
      readonly code: "run-failed";
      readonly message: string;
    };

test("a reply goes to the request of its number, an error as one", async () => {
  const requests = createRequests<Reply>();
  const [first, second] = [requests.nextId(), requests.nextId()];
  const waiting = [requests.wait(first, undefined), requests.wait(second, undefined)] as const;
  requests.settle({ kind: "error", id: second, code: "run-failed", message: "no" });
  requests.settle({ kind: "done", id: first });
  expect(await waiting[0]).toEqual({ kind: "done", id: first });
  await expect(waiting[1]).rejects.toThrow("no");
  expect(requests.waiting).toBe(0);
});

test("a signal ends the waiting with its reason", async () => {
  const requests = createRequests<Reply>();
  const controller = new AbortController();
  const reason = new Error("stop");
  const waiting = requests.wait(requests.nextId(), controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(requests.wait(9, controller.signal)).rejects.toBe(reason);
});

test("what waits and what comes later rejects with the first reason", async () => {
  const requests = createRequests<Reply>();
  const waiting = requests.wait(requests.nextId(), undefined);
  requests.lose(new RuntimeError("worker-lost", "gone"));
  requests.lose(new RuntimeError("disposed", "late"));
  await expect(waiting).rejects.toThrow("gone");
  const error: unknown = await requests.wait(7, undefined).catch((error: unknown) => error);
  expect(isRuntimeError(error) && error.code).toBe("worker-lost");
});
