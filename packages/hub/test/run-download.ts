// `downloadModel` in a process of its own, against the built package, as a user's program would run it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = `
import { downloadModel } from "@internvit/hub/node";
const { repository, ...options } = JSON.parse(process.argv[1]);
let waited = false;
const onProgress = (event) => { waited ||= event.waiting; };
try {
  const model = await downloadModel({ repository, revision: "main" }, { ...options, onProgress });
  console.log(JSON.stringify({ ...model, waited }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
`;

/** What the process prints: a model, or a failure. */
export interface ChildResult {
  readonly path?: string;
  readonly bytesDownloaded?: number;
  readonly waited?: boolean;
  readonly code?: string;
  readonly message?: string;
}

/** A download in another process. */
export interface DownloadProcess {
  readonly child: ChildProcess;
  /** What it printed, or undefined when it was killed before. */
  readonly result: Promise<ChildResult | undefined>;
}

/** Starts a download of everything of a repository. */
export function spawnDownload(options: {
  readonly repository: string;
  readonly endpoint: string;
  readonly home: string;
  readonly chunkBytes: number;
  /** The largest file that it may write, in bytes. */
  readonly fileLimit?: number;
}): DownloadProcess {
  const { repository, endpoint, home, chunkBytes, fileLimit } = options;
  const request = JSON.stringify({ repository, parts: "everything", chunkBytes, retryDelay: 1 });
  const node = [process.execPath, "--input-type=module", "--eval", PROGRAM, request];
  const limit = `ulimit -f ${Math.floor((fileLimit ?? 0) / 1024)} && exec "$@"`;
  const [program = "", ...args] =
    fileLimit === undefined ? node : ["bash", "-c", limit, "bash", ...node];
  const child = spawn(program, args, {
    // The package finds itself by its name from here.
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { PATH: process.env["PATH"], HF_ENDPOINT: endpoint, HF_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const result = once(child, "close").then(() =>
    output === "" ? undefined : (JSON.parse(output) as ChildResult),
  );
  return { child, result };
}
