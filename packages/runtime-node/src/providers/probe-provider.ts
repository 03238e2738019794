// Tries an execution provider in a process of its own, with the tiny graphs of model-core.

import { fork } from "node:child_process";

import {
  buildProbeGraphs,
  PROBE_TOLERANCE,
  probeError,
  probeInput,
} from "@internvit/model-core/session";

import { type ExecutionProvider, sessionProviders } from "./execution-providers.ts";
import type { ProbeReply, ProbeRequest } from "./probe-protocol.ts";

/** What a probe found. */
export type ProbeOutcome =
  | {
      readonly kind: "computed";
      /** Largest difference from the CPU's numbers, as a part of the largest of them. */
      readonly error: number;
      /** The same of the fused attention; undefined when the provider refuses it. */
      readonly attentionError: number | undefined;
    }
  /** ONNX Runtime said no. `details` is what it wrote to stderr, where the reasons are. */
  | { readonly kind: "refused"; readonly message: string; readonly details: string }
  /** The process ended in the middle. */
  | { readonly kind: "crashed"; readonly how: string; readonly details: string }
  | { readonly kind: "hung"; readonly seconds: number };

/** What the installed ONNX Runtime has, or why it cannot be loaded. */
export type RuntimeBuild =
  | { readonly kind: "loaded"; readonly version: string; readonly backends: readonly string[] }
  | { readonly kind: "not-loaded"; readonly reason: string };

/** Options of a probe. */
export interface ProbeOptions {
  /** Environment variables that the process gets on top of this one's. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Far above any probe that ends well; the first use of a GPU compiles kernels. */
const MAX_SECONDS = 60;

/** Characters of stderr that are kept; more than ONNX Runtime and a driver say of one failure. */
const MAX_DETAILS = 8000;

/** Whether a probe's numbers are right; the fused attention does not count. */
export function isRight(outcome: ProbeOutcome): boolean {
  return outcome.kind === "computed" && outcome.error <= PROBE_TOLERANCE;
}

/** Whether the fused attention may be used after this probe. */
export function isAttentionRight(outcome: ProbeOutcome): boolean {
  return outcome.kind === "computed" && (outcome.attentionError ?? Infinity) <= PROBE_TOLERANCE;
}

/** Runs the probe graphs on a provider. Rejects only with the signal's reason. */
export async function probeProvider(
  provider: ExecutionProvider,
  options: ProbeOptions = {},
): Promise<ProbeOutcome> {
  const answer = await ask(sessionProviders(provider), options);
  if (answer.kind !== "reply") return answer;
  const { reply, details } = answer;
  if (reply.kind === "no-runtime") return { kind: "refused", message: reply.message, details };
  const { plain, attention } = reply.results;
  if (plain === undefined) {
    return { kind: "refused", message: reply.errors.plain ?? "no result", details };
  }
  return {
    kind: "computed",
    error: probeError(plain),
    attentionError: attention === undefined ? undefined : probeError(attention),
  };
}

/** Asks which providers the installed ONNX Runtime was built with. */
export async function readRuntimeBuild(options: ProbeOptions = {}): Promise<RuntimeBuild> {
  const answer = await ask([], options);
  if (answer.kind === "hung") {
    return { kind: "not-loaded", reason: `it did not answer within ${answer.seconds} s` };
  }
  if (answer.kind === "crashed") {
    return { kind: "not-loaded", reason: `${answer.how}: ${answer.details}` };
  }
  const { reply } = answer;
  return reply.kind === "no-runtime"
    ? { kind: "not-loaded", reason: reply.message }
    : { kind: "loaded", version: reply.version, backends: reply.backends };
}

type Answer =
  | { readonly kind: "reply"; readonly reply: ProbeReply; readonly details: string }
  | Extract<ProbeOutcome, { readonly kind: "crashed" | "hung" }>;

function ask(providers: readonly string[], { env, signal }: ProbeOptions): Promise<Answer> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = fork(new URL("probe-process.js", import.meta.url), [], {
      // The host's own flags are not meant for this process.
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // What the user set wins: then the probe shows what it does.
      env: { ORT_DISABLE_TELEMETRY: "1", NVIDIA_TF32_OVERRIDE: "0", ...process.env, ...env },
    });
    let reply: ProbeReply | undefined;
    let details = "";
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, MAX_SECONDS * 1000);
    const abort = (): void => void child.kill("SIGKILL");
    signal?.addEventListener("abort", abort, { once: true });
    const settle = (how: string): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if (signal?.aborted === true) reject(signal.reason);
      else if (reply !== undefined) resolve({ kind: "reply", reply, details });
      else if (hung) resolve({ kind: "hung", seconds: MAX_SECONDS });
      else resolve({ kind: "crashed", how, details });
    };
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      details = (details + text).slice(-MAX_DETAILS);
    });
    child.on("message", (message) => {
      reply = message as ProbeReply;
    });
    // After the streams: what it wrote last is the reason.
    child.on("close", (code, killedBy) => {
      settle(killedBy === null ? `it ended with code ${code}` : `it was ended by ${killedBy}`);
    });
    child.on("error", (error) => settle(error.message));
    child.send(
      { providers, graphs: buildProbeGraphs(), input: probeInput() } satisfies ProbeRequest,
      // Why it could not be sent is told by its end.
      () => undefined,
    );
  });
}
